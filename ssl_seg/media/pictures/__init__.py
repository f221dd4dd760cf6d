"""Pictures: image files and their masks, as Pillow and OpenCV read them."""
