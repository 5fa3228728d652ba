"""Readers of npm, Yarn, pnpm and Bun projects."""
