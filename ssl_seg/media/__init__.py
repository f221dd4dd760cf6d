"""Media: pictures and volumes, and all that is different between them."""
