"""The label spaces of the data sets, one JSON file each; `space_file` tells the format."""
