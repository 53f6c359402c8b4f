"""What a justice system is: frozen data, no files."""
