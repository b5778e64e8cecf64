"""The sending side: DKIM keys and their life, and the files of the programs that sign with them."""
