"""What can go wrong in the face engine; it does not decide what a caller answers to it.

FacesError
|-- BadImage        (also a ValueError) the picture is not (h, w, 3) uint8
|-- BadEmbedding    (also a ValueError) the embeddings are not finite (n, 128)
|-- BadWeights      (also a ValueError) a weights file is cut short, changed or another one than the lock's
|-- BadGraph        (also a ValueError) a converted graph cannot be loaded
|-- ConverterMissing  (also an ImportError) a graph has to be converted and the package `onnx` is not installed
|-- EngineMissing    (also an ImportError) an engine's library is not installed
`-- WeightsMissing  (also a FileNotFoundError) a weights file is not installed
"""


class FacesError(Exception):
    """Anything that the face engine refuses or misses."""


class BadImage(FacesError, ValueError):
    """A picture is not an (h, w, 3) uint8 array with at least one pixel."""


class BadEmbedding(FacesError, ValueError):
    """Embeddings are not a finite (n, 128) array of real numbers."""


class BadWeights(FacesError, ValueError):
    """A weights file is not the one of the lock, or not what its reader expects; names the file."""


class BadGraph(FacesError, ValueError):
    """A converted graph cannot be loaded."""


class ConverterMissing(FacesError, ImportError):
    """A graph is not there yet and the package `onnx`, which makes it, is not installed."""


class EngineMissing(FacesError, ImportError):
    """The library of an engine is not installed."""


class WeightsMissing(FacesError, FileNotFoundError):
    """A weights file is not on this machine."""
