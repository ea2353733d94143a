"""The releases of a package, and an environment for each: what can be installed, and where it lies once it is."""
