"""How far each stage is, from the file, the disk and the session. Changes nothing."""
