"""How blocks of a report are shown: as Markdown, on a terminal, as plain data for JSON."""
