"""What a camera processor can be told; the only reader of its environment."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from backbone.errors import BadInput
from backbone.url_ring import are_websocket_urls
from backbone.web.settings import WebSettings
from camera_processor.capture.sources.table import HELP, parse_source
from faces import DetectorName, EngineKind, EngineName, chosen_engine, engines_help

WEBPAGE = Path(__file__).resolve().parent.parent / "webpage"


class Settings(WebSettings):
    """One camera: detects, tracks and re-identifies faces, and tells the orchestrator.

    Without an orchestrator URL it only serves its own debug page.
    """

    port: int = Field(9090, ge=0, le=65535, description="port of the debug page; 0 takes a free one")
    camera_id: str = Field("camera", min_length=1, max_length=128, description="name of this camera")
    source: SecretStr | None = Field(
        None,
        description=f"{HELP} (default: HLS_STREAM_URL, else test:)",
    )
    hls_stream_url: SecretStr | None = Field(None, description="legacy name of --source")
    orchestrator_url: str | None = Field(
        None, description="ws(s)://HOST:PORT/processor, several separated by commas; none: debug page only"
    )
    jwt: SecretStr | None = Field(None, description="token that the orchestrator asks for, when it does")
    processor_mode: Literal["deploy", "tornado", "opencv"] | None = Field(
        None, description="deploy (tell an orchestrator), tornado (debug page only); default: by --orchestrator-url"
    )
    engine: EngineName | None = Field(
        None, description=f"face engine, with its detectors (default: sface). {engines_help().replace(chr(10), '; ')}"
    )
    detector: DetectorName | None = Field(
        None, description="face detector, one of the engine's; alone it stands for the engine that has it"
    )
    detection_alg: DetectorName | None = Field(None, description="legacy name of --detector")
    reid_alg: EngineName | None = Field(None, description="legacy name of --engine")
    tracking_alg: Literal["bytetrack"] = Field("bytetrack", description="tracker")
    min_face_px: float | None = Field(
        None, ge=10, le=1000, description="width of the smallest face to find, pixels (default: the engine's own)"
    )
    threshold: float | None = Field(
        None,
        gt=0,
        le=1.5,
        description="largest distance at which a face speaks for an object, in the measure of dlib's embeddings; with "
        "another engine: the distance that lets as many strangers pass (default: the one of 1 stranger in 10,000)",
    )
    hits: int = Field(1, ge=1, le=20, description="views that a track needs at least before it carries an object")
    no_frame_timeout: float = Field(20.0, gt=0.5, description="seconds without a picture until the source is restarted")
    webpage: Path = Field(WEBPAGE, description="folder of the debug page")

    @field_validator("source", "hls_stream_url")
    @classmethod
    def _known_source(cls, source: SecretStr | None) -> SecretStr | None:
        if source is not None:
            try:
                parse_source(source.get_secret_value())
            except BadInput as fault:
                raise ValueError(fault.message) from None
        return source

    @field_validator("orchestrator_url")
    @classmethod
    def _websocket_url(cls, url: str | None) -> str | None:
        if url is not None and not are_websocket_urls(url):
            raise ValueError("expected ws://HOST:PORT/processor or wss://..., got another scheme")
        return url

    @model_validator(mode="after")
    def _known_mode(self) -> Self:
        if self.processor_mode == "opencv":
            raise ValueError("PROCESSOR_MODE opencv: expected an OpenCV with windows, got a headless one")
        if self.processor_mode == "deploy" and self.orchestrator_url is None:
            raise ValueError("PROCESSOR_MODE deploy: expected an ORCHESTRATOR_URL, got none")
        return self

    @model_validator(mode="after")
    def _known_engine(self) -> Self:
        self.chosen_engine()
        return self

    def chosen_engine(self) -> tuple[EngineKind, DetectorName]:
        """Return the face engine and its detector.

        Raises:
            ValueError: the engine has no such detector.
        """
        return chosen_engine(self.engine or self.reid_alg, self.detector or self.detection_alg)

    @property
    def source_text(self) -> str:
        """The source to play, credentials included."""
        named = self.source or self.hls_stream_url
        return named.get_secret_value() if named is not None else "test:"

    @property
    def tells_orchestrator(self) -> bool:
        """Whether there is an orchestrator to connect to."""
        return self.orchestrator_url is not None and self.processor_mode != "tornado"
