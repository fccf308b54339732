# docker build -t hmm-playground . && docker run -p 8501:8501 hmm-playground; see docs/deploying.md.
FROM python:3.11-slim

WORKDIR /srv/hmm
RUN useradd --create-home app && chown app .

# Before the code, so that a change of the code installs nothing again.
COPY requirements.txt constraints.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY --chown=app . .
USER app
# Compiled now, so that no visitor waits for the compiler.
ENV NUMBA_CACHE_DIR=/srv/hmm/kernels
RUN python -m compileall -q app.py hmmcore pages && python -m tools.compile_kernels

EXPOSE 8501
HEALTHCHECK --start-period=30s --timeout=10s CMD ["python", "-c", \
    "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=8)"]
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.port=8501", \
    "--server.headless=true", "--server.fileWatcherType=none"]
