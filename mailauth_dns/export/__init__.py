"""Files for programs that are not ours: signing programs, name servers, other tools."""
