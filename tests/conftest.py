"""What is under tests/ and is no test of fsqcheck."""

collect_ignore = ["example_project"]
