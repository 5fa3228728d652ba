"""Who built what, proved: bundles verified, identities read from certificates, and both held against expectations."""
