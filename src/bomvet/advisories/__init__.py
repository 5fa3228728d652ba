"""Known vulnerabilities: reading, matching, grouping and rating of advisories."""
