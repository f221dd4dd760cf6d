"""Made-up data in real data sets' layouts, for demos and tests without a download."""
