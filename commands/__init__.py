"""The commands of the command line, a room each. They import nothing heavy until they are called."""
