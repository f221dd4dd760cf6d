"""From cases to batches: readers, data sets, transforms, sample order, and made-up data."""
