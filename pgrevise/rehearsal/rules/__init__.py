"""The rules: each a record and a pure function from an observed revision to what it found.

`registry` is how a rule is written down and called; every other module here holds the rules of one
subject, named for it. A rule's identifier is its function's name with dashes; the folder of its
examples and its page in the documentation are called the same.
"""
