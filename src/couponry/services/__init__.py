"""Use cases: one function each; no SQL, no HTTP."""
