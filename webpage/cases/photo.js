/* Makes a photo from the operator's disk small enough to send. Sends nothing, looks for no face. */

const LONGEST_SIDE = 1600;
// The server takes 8 MiB of base64, four letters for three bytes; some room is left for the rest of the message.
const MOST_BYTES = 5_800_000;
const KINDS = new Set(["image/jpeg", "image/png", "image/webp"]);

/**
 * @param {File} file
 * @returns {Promise<Blob>} the file itself when it is small enough, else a JPEG of at most 1600 px, upright by its EXIF
 * @throws {Error} with a text for the operator when it is no JPEG, PNG or WebP picture
 */
export async function prepare(file) {
  if (!KINDS.has(file.type)) throw new Error("This is not a JPEG, PNG or WebP picture.");
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error("This picture cannot be read. The file may be damaged.");
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  if (scale === 1 && file.size <= MOST_BYTES) return file;
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // JPEG has no transparency, and black around a face helps nobody
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, width, height);
  picture.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 });
}

/** The bytes as plain base64, without the head of a data URL. */
export function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("This file cannot be read."));
    reader.readAsDataURL(blob);
  });
}
