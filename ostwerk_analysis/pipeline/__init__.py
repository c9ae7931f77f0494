"""The quarterly run: notebooks executed by papermill in kernels forked from one process."""

import sys

# Importing rfc3987_syntax compiles grammars for 0.8 s, two thirds of what importing papermill
# takes. Only jsonschema asks for it, for a format that no notebook has ("iri"), and does without
# where it cannot be imported, which is what None says here.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
