"""Made-up CT of a trunk with a small organ that is hard to tell from what lies around it.

Points and arrays are in the order x, y, z: to the body's left, to its back, to its head, which are
the axes of DICOM. The body is about a third of an adult's size, so that slices 1 to 2.5 mm apart
show it in few voxels; it stands upright around (0, 0, 0) mm, which lies between organ and spine.
"""
