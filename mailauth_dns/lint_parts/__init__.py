"""Static lint of very many policies, some files at a time, in whatever process.

A part reads, compiles and checks its files as if there were no others, and says which questions it
asked about them. Where all parts together answer otherwise, these files are checked once more.
"""
