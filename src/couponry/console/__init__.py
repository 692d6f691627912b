"""The console: Couponry for people who would rather look than read."""
