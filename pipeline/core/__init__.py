"""Pure thought: articles, claims, dossiers and reversals. No I/O, no clock, no logging."""
