/**
 * Find house numbers in a picture and read them, in the browser, as sksvhn.read does in Python.
 *
 * The networks are the files that export_onnx writes. What Python does around them stands here:
 * pixels (_canvas.py, _crop.py), boxes (_boxes.py, _locator_boxes.py, _locator_confidence.py) and
 * reading (_photographs.py). This file runs twice: the page shows, and a worker reads.
 */

const FILES = new URL("try/", import.meta.url);
const FORMATS = "JPEG, PNG, WebP, GIF or BMP";

/* Pixels. A picture is {data, width, height, channels}, its values 0 to 255. */

/** Round as Python does: halves to the even neighbour. */
function round(value) {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** Resample a part, (left, top, right, bottom), as BILINEAR of Pillow 13 does, to the bit. */
export function resize(picture, [left, top, right, bottom], width, height) {
  const { channels } = picture;
  const across = weightsOf(picture.width, left, right, width);
  const down = weightsOf(picture.height, top, bottom, height);
  // Only the rows that are needed.
  const first = down[0].first;
  const nRows = Math.max(...down.map((row) => row.first + row.weights.length)) - first;
  const row = picture.width * channels;
  let data = picture.data.subarray(first * row, (first + nRows) * row);
  for (const of of down) of.first -= first;
  if (picture.height - height > Math.max(0, 2 * (picture.width - width))) {
    data = mix(data, 1, nRows, row, down);
    data = mix(data, height, picture.width, channels, across);
  } else {
    data = mix(data, nRows, picture.width, channels, across);
    data = mix(data, 1, nRows, width * channels, down);
  }
  return { data, width, height, channels };
}

/** What each of n pixels takes of a line: the first pixel, and weights in units of 2 ** -22. */
function weightsOf(length, start, end, n) {
  [start, end] = [Math.fround(start), Math.fround(end)]; // as Pillow stores them
  const scale = Math.fround(end - start) / n;
  const reach = Math.max(scale, 1);
  return Array.from({ length: n }, (_, pixel) => {
    const center = start + (pixel + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach + 0.5));
    const last = Math.min(length, Math.trunc(center + reach + 0.5));
    const shares = [];
    for (let at = first; at < last; at++) {
      shares.push(Math.max(0, 1 - Math.abs((at - center + 0.5) * (1 / reach))));
    }
    const total = shares.reduce((sum, share) => sum + share, 0);
    const weights = shares.map((share) => Math.trunc(0.5 + (share / total) * 2 ** 22));
    return { first, weights: Int32Array.from(weights) };
  });
}

/** Mix values along the middle axis of data of shape (outer, length, inner). */
function mix(data, outer, length, inner, parts) {
  const mixed = new Uint8ClampedArray(outer * parts.length * inner);
  let to = 0;
  for (let line = 0; line < outer; line++) {
    for (const { first, weights } of parts) {
      const begin = (line * length + first) * inner;
      for (let at = begin; at < begin + inner; at++) {
        let sum = 1 << 21;
        for (let k = 0, from = at; k < weights.length; k++, from += inner) {
          sum += data[from] * weights[k];
        }
        mixed[to++] = sum >> 22;
      }
    }
  }
  return mixed;
}

/** Average blocks of pixels of a part with whole edges, as Pillow's reduce does, to the bit. */
export function reduce(picture, [left, top, right, bottom], across, down) {
  const { channels } = picture;
  const [width, height] = [Math.ceil((right - left) / across), Math.ceil((bottom - top) / down)];
  const data = new Uint8ClampedArray(width * height * channels);
  let to = 0;
  for (let y = top; y < bottom; y += down) {
    const endY = Math.min(y + down, bottom);
    for (let x = left; x < right; x += across) {
      const endX = Math.min(x + across, right);
      const n = (endX - x) * (endY - y);
      const factor = Math.trunc(Math.fround(2 ** 32 / (256 * n)));
      for (let channel = 0; channel < channels; channel++) {
        let sum = n >> 1;
        for (let row = y; row < endY; row++) {
          const begin = (row * picture.width + x) * channels + channel;
          const end = (row * picture.width + endX) * channels;
          for (let at = begin; at < end; at += channels) sum += picture.data[at];
        }
        data[to++] = Math.trunc((sum * factor) / 2 ** 24);
      }
    }
  }
  return { data, width, height, channels };
}

/** Resample a part so that its longer side is as long as told, as Pillow with reducing_gap=1. */
export function scaled(picture, part, longest) {
  const [left, top, right, bottom] = part;
  const sides = [right - left, bottom - top];
  const ratio = longest / Math.max(...sides);
  const size = sides.map((side) => Math.max(1, round(side * ratio)));
  const [scaleX, scaleY] = sides.map((side, axis) => side / size[axis]);
  const [across, down] = [scaleX, scaleY].map((scale) => Math.trunc(scale) || 1);
  if (across > 1 || down > 1) {
    const safe = [
      Math.max(0, Math.trunc(left - scaleX / 2)),
      Math.max(0, Math.trunc(top - scaleY / 2)),
      Math.min(picture.width, Math.ceil(right + scaleX / 2)),
      Math.min(picture.height, Math.ceil(bottom + scaleY / 2)),
    ];
    picture = reduce(picture, safe, across, down);
    part = part.map((edge, i) => (edge - safe[i % 2]) / (i % 2 ? down : across));
  }
  return resize(picture, part, ...size);
}

/** Put a picture into the upper left corner of a square of its mean colour. */
function onSquare(picture, side) {
  const { data, width, height, channels } = picture;
  if (width === side && height === side) return picture;
  const sums = new Array(channels).fill(0);
  for (let at = 0; at < data.length; at++) sums[at % channels] += data[at];
  const mean = sums.map((sum) => round(sum / (width * height)));
  const square = Uint8Array.from({ length: side * side * channels }, (_, at) => mean[at % channels]);
  for (let row = 0; row < height; row++) {
    const line = data.subarray(row * width * channels, (row + 1) * width * channels);
    square.set(line, row * side * channels);
  }
  return { data: square, width: side, height: side, channels };
}

/** Luminance of an RGB picture, as Pillow's mode "L". */
function grey({ data, width, height }) {
  const values = new Uint8Array(width * height);
  for (let pixel = 0, at = 0; pixel < values.length; pixel++, at += 3) {
    const sum = data[at] * 19595 + data[at + 1] * 38470 + data[at + 2] * 7471;
    values[pixel] = (sum + 32768) >> 16;
  }
  return { data: values, width, height, channels: 1 };
}

/* Boxes: left, top, width, height and score. */

/** Area that two boxes have in common. */
function shared(first, second) {
  const [wide, high] = [0, 1].map((axis) => {
    const end = Math.min(first[axis] + first[axis + 2], second[axis] + second[axis + 2]);
    return Math.max(0, end - Math.max(first[axis], second[axis]));
  });
  return wide * high;
}

/** Intersection over union of two boxes. */
function overlap(first, second) {
  const both = shared(first, second);
  return both / (first[2] * first[3] + second[2] * second[3] - both);
}

/** Cut boxes at the edges of a picture, and leave out those beyond. */
function inside(boxes, { width, height }) {
  const cut = (value, limit) => Math.min(Math.max(value, 0), limit);
  const within = boxes.map(([left, top, wide, high, score]) => {
    const [x, y] = [cut(left, width), cut(top, height)];
    return [x, y, cut(left + wide, width) - x, cut(top + high, height) - y, score];
  });
  return within.filter((box) => box[2] > 0 && box[3] > 0);
}

/** The surest of boxes that overlap, each the mean of those that bound it alike; surest first. */
function surest(boxes, most, { same, alike }) {
  const sorted = [...boxes].sort((one, other) => other[4] - one[4]);
  const kept = [];
  let left = sorted;
  while (left.length && kept.length < most) {
    const first = left[0];
    const similar = sorted.filter((box) => overlap(first, box) > alike);
    const total = similar.reduce((sum, box) => sum + box[4], 0);
    const mean = (axis) => similar.reduce((sum, box) => sum + box[4] * box[axis], 0) / total;
    kept.push([mean(0), mean(1), mean(2), mean(3), first[4]]);
    left = left.slice(1).filter((box) => overlap(first, box) <= same);
  }
  return kept;
}

const logit = (share) => Math.log(share / (1 - share));
const expit = (odds) => 1 / (1 + Math.exp(-odds));

/* Reading. Models are {ort, locator, reader, settings}. */

/** Parts of a picture that the locator looks at: all of it, or pieces if it is very long. */
function partsOf({ width, height }, { longest, piece, step, least_piece: leastPiece }) {
  const [short, long] = width < height ? [width, height] : [height, width];
  if (long <= Math.max(longest * short, leastPiece)) return [[0, 0, width, height]];
  const length = Math.max(round(piece * short), leastPiece);
  const nSteps = Math.ceil((long - length) / round((length * step) / piece));
  return Array.from({ length: nSteps + 1 }, (_, i) => {
    const start = i === nSteps ? long - length : round(i * ((long - length) / nSteps));
    return width > height
      ? [start, 0, start + length, height]
      : [0, start, width, start + length];
  });
}

/** The square about a box, of which the part that would lie beyond the picture is missing. */
function nearPart(box, picture, { surroundings, near, most_magnified: magnified }) {
  const [left, top, width, height] = box.slice(0, 4).map(round);
  const side = Math.max(surroundings * Math.max(width, height), near / magnified);
  const [wide, high] = [Math.min(side, picture.width), Math.min(side, picture.height)];
  const x = Math.min(Math.max(left + (width - side) / 2, 0), picture.width - wide);
  const y = Math.min(Math.max(top + (height - side) / 2, 0), picture.height - high);
  return [x, y, x + wide, y + high];
}

/** Boxes in the picture, with scores, that the network finds in a part of it. */
async function candidates({ ort, locator }, picture, part, longest, square = false) {
  const small = scaled(picture, part, longest);
  const scales = [small.width / (part[2] - part[0]), small.height / (part[3] - part[1])];
  const seen = square ? onSquare(small, longest) : small;
  const pixels = new ort.Tensor("uint8", new Uint8Array(seen.data), [seen.height, seen.width, 3]);
  const { candidates: found } = await locator.run({ picture: pixels }, ["candidates"]);
  return Array.from({ length: found.dims[0] }, (_, row) => {
    const [left, top, width, height, score] = found.data.slice(5 * row, 5 * row + 5);
    const [x, y] = [left / scales[0] + part[0], top / scales[1] + part[1]];
    return [x, y, width / scales[0], height / scales[1], score];
  });
}

/** Boxes of a picture with the confidence that there is a number, as of NumberLocator.predict. */
async function locate(models, picture) {
  const { locator: settings } = models.settings;
  const parts = partsOf(picture, settings);
  const found = [];
  for (const part of parts) {
    found.push(...(await candidates(models, picture, part, settings.input_size)));
  }
  const first = surest(inside(found, picture), settings.most_numbers, settings);
  const [left, top, right, bottom] = parts[0]; // all are of one size
  const longer = Math.max(right - left, bottom - top);
  const judged = [];
  const rather = first.filter((box) => box[4] >= settings.rather_sure).length;
  let stop = Math.max(settings.n_refined, rather);
  let highest = 0; // score of a second look
  for (const [row, box] of first.entries()) {
    let [better, score] = [box, settings.least_score]; // of what is not found again
    if (row === stop && highest < settings.sure) stop += settings.n_refined;
    if (row < stop) {
      const part = nearPart(box, picture, settings);
      const near = await candidates(models, picture, part, settings.near, true);
      const again = inside(near, picture).filter((one) => overlap(one, box) >= settings.again);
      if (again.length) {
        [better] = surest(again, 1, settings);
        score = better[4];
        highest = Math.max(highest, score);
      }
    }
    const place = better.slice(0, 4);
    judged.push([...place, calibrated([box[4], score], place, longer, settings)]);
  }
  return inside(surest(judged, settings.most_numbers, settings), picture);
}

/** Calibrated probability that a box with the scores of two looks shows a number. */
function calibrated(scores, [, , width, height], longer, { calibration, least_share: least }) {
  const sizes = [width, height].map((side) => Math.log(Math.max(side / longer, least)));
  const facts = [...scores.map(logit), ...sizes, ...sizes.map((size) => size ** 2), 1];
  return expit(facts.reduce((sum, fact, i) => sum + calibration[i] * fact, 0));
}

/** A box in whole steps of a pixel: one that Python finds 1e-5 pixels away gives the same crop. */
function inSteps(box, { steps }) {
  return box.map((side) => Math.round(side * steps) / steps);
}

/** The region of a number and some surroundings; null where too little of it is seen. */
function numberRegion(box, { width, height }, { least_side: least, margin }) {
  const [left, top] = [Math.max(box[0], 0), Math.max(box[1], 0)];
  const [right, bottom] = [Math.min(box[0] + box[2], width), Math.min(box[1] + box[3], height)];
  const [x, y] = [right - left, bottom - top];
  if (x < Math.min(least, width) || y < Math.min(least, height)) return null;
  const [dx, dy] = [(x * margin) / 2, (y * margin) / 2];
  return [
    Math.max(left - dx, 0),
    Math.max(top - dy, 0),
    Math.min(right + dx, width),
    Math.min(bottom + dy, height),
  ];
}

/** Up to which least confidence a number is a part of a longer one, and is not told; -1 if of none. */
function partUpTo(one, numbers, { covered, least_whole }) {
  const wholes = numbers.filter(
    ({ number, confidence, box }) =>
      number.length > one.number.length &&
      number.includes(one.number) &&
      confidence >= least_whole &&
      shared(one.box, box) >= covered * one.box[2] * one.box[3],
  );
  return Math.max(-1, ...wholes.map(({ box }) => box[4]));
}

/** Numbers of an RGB picture with confidence and box, surest first, as of sksvhn.read. */
async function read(models, picture) {
  const { ort, reader, settings } = models;
  const { height, width } = settings.reader;
  const found = (await locate(models, picture)).filter((box) => box[4] >= settings.lowest);
  if (!found.length) return []; // a large picture takes a while to turn grey
  const whole = grey(picture);
  const shown = found
    .map((box) => ({ box, cut: inSteps(box, settings.reader) }))
    .map(({ box, cut }) => ({ box, region: numberRegion(cut, picture, settings.reader) }))
    .filter(({ region }) => region)
    .map(({ box, region }) => ({ box, pixels: resize(whole, region, width, height).data }))
    .filter(({ pixels }) => Math.max(...pixels) - Math.min(...pixels) > 1);
  if (!shown.length) return [];
  const crops = new Uint8Array(shown.length * height * width);
  for (const [row, { pixels }] of shown.entries()) crops.set(pixels, row * height * width);
  const pictures = new ort.Tensor("uint8", crops, [shown.length, height, width]);
  const { reading, confidence } = await reader.run({ pictures });
  const numbers = shown
    .map(({ box }, row) => ({
      number: reading.data[row],
      confidence: box[4] * confidence.data[row],
      box,
    }))
    .filter(({ number }) => number);
  return numbers
    .map((one) => ({
      number: one.number,
      confidence: one.confidence,
      left: one.box[0],
      top: one.box[1],
      width: one.box[2],
      height: one.box[3],
      partUpTo: partUpTo(one, numbers, settings.parts),
    }))
    .sort((one, other) => other.confidence - one.confidence);
}

/* The worker: it decodes, loads and reads, while the page stays alive. */

/** Decode a file to an upright and opaque RGB picture. */
async function decode(file, mostPixels) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new Error(
      `This file holds no picture that this browser can decode. Choose a ${FORMATS} file.`,
    );
  }
  const { width, height } = bitmap;
  const size = `${width.toLocaleString("en")} x ${height.toLocaleString("en")} pixels`;
  const tooLarge = `This picture is too large for this page: ${size}. Make it smaller.`;
  if (width * height > mostPixels) throw new Error(tooLarge);
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  const laidOn = (ground) => {
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    if (data[3] < 255) throw new Error(tooLarge); // a canvas that the browser refuses is empty
    const rgb = new Uint8Array(width * height * 3);
    for (let from = 0, to = 0; from < data.length; from += 4) {
      rgb[to++] = data[from];
      rgb[to++] = data[from + 1];
      rgb[to++] = data[from + 2];
    }
    return { data: rgb, width, height, channels: 3 };
  };
  const contrast = (picture) => {
    let [low, high] = [255, 0];
    for (const value of grey(picture).data) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return high - low;
  };
  const onWhite = laidOn("white");
  const found = contrast(onWhite);
  if (found >= 32) return onWhite;
  const onBlack = laidOn("black"); // where what is transparent would vanish on white
  return contrast(onBlack) > found ? onBlack : onWhite;
}

/** Load the runtime and the models; tell of every part of them that came. */
async function load(told) {
  const response = await fetch(new URL("settings.json", FILES), { cache: "no-cache" });
  if (!response.ok) {
    throw new Error(
      "This site was built without the models. Build its documentation where npm is installed.",
    );
  }
  const settings = await response.json();
  const total = Object.values(settings.files).reduce((sum, file) => sum + file.bytes, 0);
  let loaded = 0;
  told(loaded, total);
  const unpacked = async (name) => {
    const { digest } = settings.files[name];
    const answer = await fetch(new URL(`${name}.bin?${digest}`, FILES));
    if (!answer.ok) throw new Error(`${name}.bin cannot be loaded (${answer.status}). Try again.`);
    const counted = new TransformStream({
      transform(chunk, controller) {
        told((loaded += chunk.length), total);
        controller.enqueue(chunk);
      },
    });
    const content = answer.body.pipeThrough(counted).pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(content).arrayBuffer());
  };
  const [ort, runtime, locator, reader] = await Promise.all([
    import(new URL("ort.mjs", FILES)),
    ...["runtime", "locator", "reader"].map(unpacked),
  ]);
  ort.env.wasm.numThreads = 1; // several need headers that few sites send
  ort.env.wasm.wasmBinary = runtime;
  return {
    ort,
    settings,
    locator: await ort.InferenceSession.create(locator),
    reader: await ort.InferenceSession.create(reader),
  };
}

/** Answer the page: {id, file} in, {id, progress | found | error} out. */
function work() {
  let models = null;
  let last = Promise.resolve();
  const answer = async ({ id, file, mostPixels }) => {
    try {
      const started = performance.now();
      const picture = await decode(file, mostPixels);
      const decoded = performance.now();
      models ??= load((loaded, total) => postMessage({ id, loaded, total })).catch((error) => {
        models = null; // the next picture tries again
        throw error;
      });
      const ready = await models;
      const loaded = performance.now();
      postMessage({ id, reading: true });
      const found = await read(ready, picture);
      const readIn = decoded - started + performance.now() - loaded;
      const { width, height } = picture;
      postMessage({ id, found, width, height, readIn, loadedIn: loaded - decoded });
    } catch (error) {
      postMessage({ id, error: error.message });
    }
  };
  addEventListener("message", ({ data }) => {
    last = last.then(() => answer(data)); // one picture at a time
  });
}

/* The page. */

// Largest picture, in pixels: it takes a browser a dozen bytes for each.
const MOST_PIXELS = 2 ** 26;
const COLUMNS = ["number", "confidence", "left", "top", "width", "height"];

/** Show what is found in the pictures that are chosen, dropped, pasted or clicked. */
function show(root) {
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const [status, progress, result, image, marks] = [
    "status",
    "progress",
    "result",
    "image",
    "marks",
  ].map(part);
  const [threshold, rows, table, copy, download] = [
    "threshold",
    "rows",
    "table",
    "copy",
    "download",
  ].map(part);
  const percent = (share) => (share > 0.99 && share < 1 ? ">99\u00a0%" : `${Math.floor(100 * share)}\u00a0%`);
  let current = { id: 0 };
  let worker = null;

  const say = (text, state) => {
    status.textContent = text;
    root.dataset.state = state;
    progress.hidden = state !== "loading" && state !== "reading";
  };

  const start = () => {
    const made = new Worker(import.meta.url, { type: "module" });
    made.addEventListener("message", ({ data }) => hear(data));
    made.addEventListener("error", () => {
      worker = null; // the next picture begins with a new one
      say("This browser stopped the reading. Reload the page, or try a smaller picture.", "failed");
    });
    return made;
  };

  /** Read a file; what comes of an earlier one is not shown any more. */
  const take = (file, name = file.name) => {
    if (current.url) URL.revokeObjectURL(current.url);
    current = { id: current.id + 1, name, url: null };
    result.hidden = true;
    say(`Reading ${name}.`, "reading");
    progress.removeAttribute("value");
    current.file = file;
    worker ??= start();
    worker.postMessage({ id: current.id, file, mostPixels: MOST_PIXELS });
  };

  const hear = (message) => {
    if (message.id !== current.id) return;
    if (message.error) {
      say(message.error, "failed");
    } else if (message.total) {
      const megabytes = (message.total / 1e6).toFixed(1);
      if (message.loaded === 0) say(`Loading the models once: ${megabytes} MB.`, "loading");
      progress.value = message.loaded / message.total;
    } else if (message.reading) {
      say(`Reading ${current.name}.`, "reading");
      progress.removeAttribute("value");
    } else {
      Object.assign(current, message, { url: URL.createObjectURL(current.file) });
      image.src = current.url;
      image.alt = `The picture ${current.name}`;
      result.hidden = false;
      draw();
    }
  };

  /** Show what is at least as sure as the slider says. */
  const draw = () => {
    const least = threshold.valueAsNumber;
    part("threshold-shown").value = `${Math.round(100 * least)}\u00a0%`;
    if (!current.found) return;
    const shown = current.found.filter((one) => one.confidence >= least && one.partUpTo < least);
    current.shown = shown;
    marks.replaceChildren(...shown.map(mark));
    rows.replaceChildren(
      ...shown.map((number) => {
        const row = document.createElement("tr");
        const cells = COLUMNS.map((column) => number[column]);
        const texts = [cells[0], percent(cells[1]), ...cells.slice(2).map((n) => n.toFixed(0))];
        row.append(
          ...texts.map((text, i) => {
            const cell = document.createElement(i ? "td" : "th");
            if (!i) cell.scope = "row";
            cell.textContent = text;
            return cell;
          }),
        );
        return row;
      }),
    );
    table.hidden = !shown.length;
    const lessSure = current.found.filter((one) => one.confidence < least).length;
    say(`${told(shown, lessSure)} ${timed()}`, "done");
  };

  const told = (shown, nBelow) => {
    const limit = `${Math.round(100 * threshold.valueAsNumber)}\u00a0%`;
    const below = nBelow ? ` ${nBelow} less sure: move the slider to see.` : "";
    if (!shown.length) return `No house number is found with a confidence of ${limit} or more.${below}`;
    const list = shown.map(({ number, confidence }) => `${number} (${percent(confidence)})`);
    return `${shown.length} house number${shown.length > 1 ? "s" : ""} found: ${list.join(", ")}.${below}`;
  };

  const timed = () => {
    const seconds = (ms) => `${(ms / 1000).toFixed(1)}\u00a0s`;
    const loading = current.loadedIn > 50 ? `, after ${seconds(current.loadedIn)} of loading` : "";
    return `Read in ${seconds(current.readIn)}${loading}.`;
  };

  /** Draw one box, with its number beside it. */
  const mark = ({ number, confidence, left, top, width, height }) => {
    const box = document.createElement("div");
    const label = document.createElement("span");
    label.textContent = `${number} ${percent(confidence)}`;
    box.append(label);
    box.classList.toggle("try-low", top < current.height / 8);
    box.classList.toggle("try-right", left + width / 2 > current.width / 2);
    const share = (value, all) => `${(100 * value) / all}%`;
    box.style.left = share(left, current.width);
    box.style.top = share(top, current.height);
    box.style.width = share(width, current.width);
    box.style.height = share(height, current.height);
    return box;
  };

  const lines = (separator) => {
    const quoted = /[",\n\t]/.test(current.name)
      ? `"${current.name.replaceAll('"', '""')}"`
      : current.name;
    const values = current.shown.map((number) => [quoted, ...COLUMNS.map((name) => number[name])]);
    return [["picture", ...COLUMNS], ...values].map((row) => `${row.join(separator)}\n`).join("");
  };

  const missing = ["Worker", "WebAssembly", "OffscreenCanvas", "DecompressionStream"].filter(
    (name) => !(name in window),
  );
  if (missing.length) {
    say(
      `This browser cannot read here: it lacks ${missing.join(", ")}. Try a current Chrome, Edge, ` +
        "Firefox or Safari.",
      "failed",
    );
    return;
  }
  root.classList.toggle("try-touch", !matchMedia("(any-pointer: fine)").matches);
  for (const input of root.querySelectorAll('input[type="file"]')) {
    input.addEventListener("change", () => {
      if (input.files.length) take(input.files[0]);
      input.value = ""; // the same file can be chosen again
    });
  }
  for (const button of root.querySelectorAll("[data-scene]")) {
    button.addEventListener("click", async () => {
      const { src } = button.querySelector("img");
      say(`Reading ${button.dataset.scene}.`, "reading");
      try {
        const response = await fetch(src);
        if (!response.ok) throw new Error();
        take(await response.blob(), button.dataset.scene);
      } catch {
        say("This scene cannot be loaded. Try again, or choose a picture of your own.", "failed");
      }
    });
  }
  addEventListener("dragover", (event) => {
    event.preventDefault();
    root.classList.add("try-over");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) root.classList.remove("try-over");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    root.classList.remove("try-over");
    const [file] = event.dataTransfer.files;
    if (file) take(file);
    else say(`What was dropped is no file. Drop a ${FORMATS} file.`, "failed");
  });
  addEventListener("paste", (event) => {
    const [file] = event.clipboardData.files;
    if (file) take(file);
  });
  threshold.addEventListener("input", draw);
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(lines("\t"));
    copy.textContent = "Copied";
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  });
  download.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([lines(",")], { type: "text/csv" }));
    link.download = `${current.name.replace(/\.\w+$/, "")}.csv`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  draw();
  say("No picture yet.", "waiting");
}

if (typeof document === "undefined") work();
else if (document.querySelector("[data-try]")) show(document.querySelector("[data-try]"));
