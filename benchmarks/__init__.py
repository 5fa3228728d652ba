"""Limits of cost, measured as CPU time and mostly as ratios, so that they hold on any machine: `make bench`."""
