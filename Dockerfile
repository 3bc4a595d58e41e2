# DraftScope for those who host it themselves; docs/hosting.md. Each RUN line was tried by hand, see there.
FROM python:3.12-slim

ENV DRAFTSCOPE_PUBLIC=1 \
    DRAFTSCOPE_CACHE=/home/scope/cache \
    HF_HOME=/home/scope/hub \
    GRADIO_SERVER_NAME=0.0.0.0 \
    GRADIO_SERVER_PORT=7860 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONUNBUFFERED=1

RUN useradd --create-home --uid 1000 scope
WORKDIR /home/scope/app
COPY requirements.txt constraints.txt ./
RUN python -m pip install -r requirements.txt -c constraints.txt
COPY app.py README.md LICENSE ./
COPY accel accel
COPY visuals visuals
COPY assets assets
RUN python -m compileall -q accel visuals app.py

USER scope
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/', timeout=8)"]
CMD ["python", "app.py"]
