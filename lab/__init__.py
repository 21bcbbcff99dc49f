"""Training and measuring. Never imported by the product."""
