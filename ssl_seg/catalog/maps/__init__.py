"""Label maps that ship with the project, one file each."""
