/** Written by tests/page/types.mjs. */
export type Band = {
  from: number;
  of: number;
  right: number;
};
export type Code = "bad_request" | "forbidden" | "not_found" | "photo_too_large" | "photo_too_costly" | "unsupported_media_type" | "photo_rejected" | "too_many_requests" | "internal";
export type DeleteResultRequest = {
  delete_token: string;
};
export type DetectorName = "embedded" | "cloud-vision" | "cascade:embedded" | "cascade:cloud-vision" | "none";
export type Failure = {
  code: Code;
  message: string;
  reason?: (null | Reason);
};
export type Feedback = {
  crop?: string | null;
  delete_token: string;
  face: number;
  friend: string | null;
  id: string;
};
export type FeedbackAnswer = {
  status: string;
};
export type Health = {
  contact?: string | null;
  detector: string;
  model: HealthModel;
  status: string;
  version: string;
  vision?: (null | Spend);
  vision_condition?: string | null;
};
export type HealthModel = {
  bands: Band[];
  friends: Label[];
  name: string;
  sha256: string;
};
export type JudgedFace = {
  box: PixelRect;
  confidence: number;
  region: RegionKind;
  scores: Score[];
  small?: boolean;
  verdict: Verdict;
};
export type Judgement = {
  detector: DetectorName;
  faces: JudgedFace[];
  fallback_from?: (null | DetectorName);
  model: ModelName;
  note?: (null | Note);
  photo: PhotoSize;
  timings_ms: Timings;
};
export type Label = {
  color: string;
  en: string;
  ja: string;
  line?: (null | Line);
  slug: string;
  threshold: number;
};
export type Line = {
  en: string;
  ja: string;
};
export type ModelName = {
  name: string;
  sha256: string;
};
export type Note = "incomplete";
export type OpenTicketRequest = {
  content_type: string;
  size_bytes: number;
};
export type PhotoSize = {
  height: number;
  width: number;
};
export type PixelRect = {
  height: number;
  width: number;
  x: number;
  y: number;
};
export type ProblemDetails = {
  code: Code;
  detail: string;
  reason?: (null | Reason);
  status: number;
  title: string;
  type: string;
};
export type Reason = "empty" | "heic" | "kind_of_jpeg" | "wrapped" | "too_small" | "cut_off" | "too_many_scans" | "too_much_memory" | "too_slow";
export type RegionKind = "head" | "photo" | "drawn";
export type ResultDocument = (State & {
  created_at: string;
  delete_token_sha256?: string | null;
  expires_at?: string | null;
  id?: string | null;
  photo_deleted_at?: string | null;
  schema: number;
});
export type Score = {
  friend: string;
  score: number;
};
export type ShareRequest = {
  delete_token: string;
  id: string;
  site: string;
};
export type Shared = {
  url: string;
};
export type Spend = {
  calls: number;
  cap: number;
  list_price_usd: number;
  month: string;
};
export type State = ({
  deadline: string;
  status: "waiting";
} | (Judgement & {
  status: "done";
}) | {
  error: Failure;
  status: "rejected";
} | {
  error: Failure;
  status: "failed";
} | {
  status: "expired";
});
export type Ticket = {
  delete_token: string;
  id: string;
  result_url: string;
  upload: Upload;
};
export type Timings = {
  classify: number;
  decode: number;
  detect: number;
  fetch: number;
  queue?: number;
  total: number;
};
export type Upload = {
  expires_at: string;
  headers: Record<string, string>;
  method: string;
  url: string;
};
export type UsageDocument = {
  days: Record<string, Record<string, number>>;
  schema: number;
};
export type Verdict = ({
  friend: string;
  kind: "match";
} | {
  friends: string[];
  kind: "either";
} | {
  kind: "none";
});
