"""naqid: watches Arabic news outlets and tells when a new report reverses an earlier claim."""
