// Live camera for stock-taking where the browser reads codes itself (BarcodeDetector); elsewhere the photograph is there.
const place = document.querySelector("[data-live-scan]");
const field = document.querySelector("[data-scan]");

async function isAble() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  return (await BarcodeDetector.getSupportedFormats()).includes("qr_code");
}

function build() {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-outline-primary btn-wide mb-3";
  button.textContent = place.dataset.textStart;
  const video = document.createElement("video");
  video.playsInline = true;
  video.muted = true;
  video.hidden = true;
  video.className = "w-100 mb-3";
  place.append(button, video);
  place.hidden = false;
  button.addEventListener("click", () => (video.srcObject ? stop(button, video) : start(button, video)));
}

async function start(button, video) {
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    place.hidden = true; // no camera, or none for us: the photograph remains
    return;
  }
  video.hidden = false;
  await video.play();
  button.textContent = place.dataset.textStop;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const look = async () => {
    if (!video.srcObject) return;
    const codes = await detector.detect(video).catch(() => []);
    const found = codes.map((code) => code.rawValue).find((text) => text.startsWith("OMS:"));
    if (found) {
      field.value = found;
      stop(button, video);
      field.form.requestSubmit();
      return;
    }
    setTimeout(look, 150);
  };
  look();
}

function stop(button, video) {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
  button.textContent = place.dataset.textStart;
}

if (place && field && (await isAble())) build();
