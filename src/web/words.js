/**
 * Every sentence that the scripts say, in Japanese and in English. (Sentences that never change stand in
 * index.html, so that they are there before any script runs.)
 *
 * @typedef {{ja: string, en: string}} Words
 */

export const words = {
  offline: {
    ja: 'いまオフラインです。写真をえらんでおけば、つながったときに送ります。',
    en: 'You are offline. Choose a photo all the same: it goes once you are connected.',
  },
  waitingForLine: {
    ja: 'つながるのを待っています。写真はこの端末に残してあります',
    en: 'Waiting for a connection. This device keeps the photo',
  },
  offlineResult: {
    ja: 'オフラインなので、結果をまだ読めません。つながったら表示します',
    en: 'You are offline, so the result cannot be read yet. It shows once you are connected',
  },
  address: {
    ja: 'ページや画像のアドレスでは判定できません。画像を端末に保存してから、そのファイルをえらんでください。',
    en: 'An address cannot be judged. Please save the picture on this device, then choose the file.',
  },
  blocked: {
    ja: '途中のネットワーク(学校や会社、フィルターなど)に止められたようです。別の回線でお試しください。',
    en: 'A network on the way (a school’s, a company’s, a filter) seems to have stopped this. Please try another connection.',
  },
  another: { ja: 'もう一枚', en: 'Another photo' },
  /** @param {number} left photos that wait */
  next: (left) => ({ ja: `つぎの写真(あと${left}枚)`, en: `The next photo (${left} left)` }),

  preparing: { ja: '写真を準備しています', en: 'Preparing the photo' },
  ticket: { ja: '受付をしています', en: 'Getting a ticket' },
  uploading: { ja: '写真を送っています', en: 'Sending the photo' },
  judging: { ja: '判定しています', en: 'Judging' },
  queued: {
    ja: '順番を待っています。このままお待ちください',
    en: 'Waiting for our turn. Please keep this page open',
  },
  unreachable: { ja: 'サーバーにつながりません。続けて試しています', en: 'The server does not answer. We keep trying' },
  /** @param {number} minutes */
  atMost: (minutes) => ({ ja: `長くてあと${minutes}分`, en: `${minutes} min at most` }),
  done: { ja: '判定が終わりました', en: 'The verdict is in' },

  endings: {
    rejected: { ja: 'この写真は判定できませんでした', en: 'We could not judge this photo' },
    failed: { ja: 'うまくいきませんでした', en: 'Something went wrong' },
    expired: { ja: '時間切れになりました', en: 'Time ran out' },
    deleted: { ja: '結果は残っていません', en: 'The result is gone' },
  },

  /** By the `reason` of such an error, which is there where its code leaves open what is wrong with a photo. */
  reasons: {
    empty: {
      ja: 'ファイルが空か、読み取れませんでした。別の写真をお試しください。',
      en: 'The file is empty or could not be read. Please try another photo.',
    },
    heic: {
      ja: 'この写真は HEIC 形式で、ここでは開けません。写真のスクリーンショットなら送れます。次からは、iPhone は「設定 → カメラ → フォーマット → 互換性優先」、Android はカメラの設定で HEIF(高効率)をオフにすると、そのまま送れます。',
      en: 'This is a HEIC photo, which cannot be opened here. A screenshot of it can. To send photos as they are: on an iPhone, Settings → Camera → Formats → Most Compatible; on Android, turn HEIF (high efficiency) off in the camera’s settings.',
    },
    kind_of_jpeg: {
      ja: '特殊な JPEG(ロスレス・算術符号・12ビット)は開けません。普通の JPEG か PNG で保存し直して送ってください。',
      en: 'This is an unusual JPEG (lossless, arithmetic or 12 bits), which cannot be opened. Please save it as an ordinary JPEG or PNG.',
    },
    too_small: {
      ja: '写真が小さすぎて、何が写っているか見えません。もっと大きい写真をお使いください。',
      en: 'The photo is too small to see anything in it. Please use a larger one.',
    },
    cut_off: {
      ja: '写真が途中で切れていました。もう一度保存するか、送り直してください。',
      en: 'The photo ends in the middle. Please save or send it again.',
    },
    too_many_scans: {
      ja: 'この JPEG は細かく分けて保存されていて、開くのに時間がかかりすぎます。普通の(ベースライン)JPEG で保存し直してください。',
      en: 'This JPEG is stored in so many scans that it takes too long to open. Please save it as a baseline (standard) JPEG.',
    },
    too_much_memory: {
      ja: 'この写真は開くのにメモリがかかりすぎます。小さくするか、普通の JPEG で保存し直してください。',
      en: 'The photo takes too much memory to open. Please make it smaller, or save it as an ordinary JPEG.',
    },
    too_slow: {
      ja: 'この写真は開くのに時間がかかりすぎました。小さくするか、普通の JPEG で保存し直してください。',
      en: 'The photo took too long to open. Please make it smaller, or save it as an ordinary JPEG.',
    },
  },

  /** By the `code` of an API error or of a result document's `error`. */
  errors: {
    bad_request: {
      ja: '送った内容をサーバーが読み取れませんでした。ページを開き直してからお試しください。',
      en: 'The server could not read the request. Please reload the page and try again.',
    },
    not_found: {
      ja: '受付の記録が見つかりませんでした。もう一度お試しください。',
      en: 'The ticket could not be found. Please try again.',
    },
    photo_too_large: {
      ja: '写真が大きすぎます。15 MB・5000万画素までの写真をお使いください。',
      en: 'The photo is too large. Please use one of up to 15 MB and 50 megapixels.',
    },
    photo_too_costly: {
      ja: 'この写真は特殊な形式で保存されていて、開くのに時間やメモリがかかりすぎます。普通の JPEG で保存し直すか、スクリーンショットをお使いください。',
      en: 'The photo is stored in an unusual way that takes too long to open. Please save it as an ordinary JPEG, or use a screenshot.',
    },
    unsupported_media_type: {
      ja: 'この形式は読めません。JPEG・PNG・WebP・GIF の写真をお使いください。',
      en: 'This kind of file cannot be read. Please use a JPEG, PNG, WebP or GIF photo.',
    },
    photo_rejected: {
      ja: '写真がこわれているようで、読み取れませんでした。別の写真をお試しください。',
      en: 'The photo seems damaged and could not be read. Please try another one.',
    },
    forbidden: {
      ja: 'これができるのは、写真を送った端末だけです。',
      en: 'Only the device that sent the photo can do this.',
    },
    too_many_requests: {
      ja: 'いま混み合っています。少し待ってからもう一度お試しください。',
      en: 'It is crowded right now. Please wait a little and try again.',
    },
    internal: {
      ja: 'こちらの不具合で判定できませんでした。写真のせいではありません。もう一度お試しください。',
      en: 'Our side failed; your photo is fine. Please try again.',
    },
  },
  deleted: {
    ja: '結果をサーバーとこの端末から消しました。送ってもらった顔の切り抜きや意見も残っていません。',
    en: 'The result is deleted here and on the server, with any feedback and crop that you gave.',
  },
  gone: {
    ja: 'この結果は消されたか、残す期限がすぎました。',
    en: 'This result was deleted, or its time is over.',
  },
  unknownError: {
    ja: '思いがけないことが起きました。もう一度お試しください。',
    en: 'Something unexpected happened. Please try again.',
  },
  network: {
    ja: '通信が途切れました。電波のよいところで、もう一度お試しください。',
    en: 'The connection broke. Please try again where the signal is better.',
  },
  ticketExpired: {
    ja: '送る前に受付の期限が切れてしまいました。同じ写真でもう一度送れます。',
    en: 'The ticket expired before the photo arrived. You can send the same photo again.',
  },
  overdue: {
    ja: '期限までに判定が終わりませんでした。同じ写真でもう一度送れます。',
    en: 'The verdict did not come in time. You can send the same photo again.',
  },

  surely: { ja: 'きっと', en: 'Almost certainly' },
  probably: { ja: 'たぶん', en: 'Probably' },
  or: { ja: 'か', en: 'or' },
  orSo: { ja: 'か…', en: '…' },
  eitherNote: {
    ja: 'どちらにもよく似ていて、ひとりに決められませんでした。',
    en: 'Both look alike here, and we cannot honestly choose one.',
  },
  /** The one name of the verdict `none`. */
  none: { ja: 'フレンズではなさそう', en: 'No Friend we know' },
  /** Of who is none of them; costume and colours alone are spoken of. @param {Words} friend */
  closest: (friend) => ({
    ja: `おしい! 衣装と色に、${friend.ja}らしさがあります。`,
    en: `Close! Costume and colours have something of ${friend.en}.`,
  }),
  /** @param {Words} friend */
  nearest: (friend) => ({
    ja: `しいて言えば、衣装と色がいちばん近いのは${friend.ja}。`,
    en: `If we had to say: costume and colours come nearest to ${friend.en}.`,
  }),
  /** @param {number} known how many Friends the judge knows */
  noneHelp: (known) => ({
    ja: `知っているのは${known}人だけなので、まだ会ったことのないフレンズかもしれません。顔が大きく、正面から、明るく写っていると当たりやすくなります。`,
    en: `The judge knows only ${known} Friends, so this may be someone it has never met. A larger face, seen from the front in good light, is judged better.`,
  }),
  /** @param {number} known @param {number} all both over 0 */
  someOf: (known, all) => (known === all
    ? { ja: `${all}人みんながフレンズ!`, en: `All ${all} are Friends!` }
    : { ja: `${all}人のうち${known}人がフレンズ!`, en: `${known} of ${all} ${known === 1 ? 'is a Friend' : 'are Friends'}!` }),
  /** @param {number} all */
  noneOf: (all) => ({ ja: `${all}人とも、フレンズではなさそう`, en: `${all} people, and no Friend we know` }),
  smallHead: {
    ja: '頭が小さく写っているので、この判定はあまりあてになりません。近くで撮った写真や、切り抜いた写真でどうぞ。',
    en: 'The head is small in this photo, so do not rely on this verdict. Try a photo from nearer, or a cut-out.',
  },
  wholePhoto: {
    ja: '顔が見つからなかったので、写真ぜんたいで判定しました。',
    en: 'No face was found, so the whole photo was judged.',
  },
  noFaces: {
    ja: '判定できるところが見つかりませんでした。',
    en: 'There was nothing to judge in this photo.',
  },
  scores: { ja: 'フレンズらしさ', en: 'Likeness to each Friend' },
  scoresNote: {
    ja: '0から100の値で、縦線をこえるとその名前になります。フレンズごとに別々に測るので、足しても100にはなりません。',
    en: 'From 0 to 100; past the line it is called by that name. Each is measured by itself, so that they need not add up to 100.',
  },

  /** The chance of being right. @param {number} right of ten pictures */
  odds: (right) => ({
    ja: `これくらい似ている画像では、${right === 10 ? '10枚中10枚' : `10枚中約${right}枚`}が当たりです。`,
    en: `Of ten pictures as alike as this, ${right === 10 ? 'ten' : `about ${right}`} are right.`,
  }),
  /** Where that comes from. @param {number} n pictures in all */
  oddsSource: (n) => ({
    ja: `当たりの割合は、学習に使わず取っておいた、同じくらいの値の画像${n}枚で確かめました。`,
    en: `How often that is right was counted on ${n} pictures of such a score that were kept out of training.`,
  }),

  album: {
    /** @param {number} met @param {number} all */
    met: (met, all) => ({ ja: `図鑑:${all}人のうち${met}人に会いました`, en: `Your album: ${met} of ${all} met` }),
    all: { ja: '図鑑が完成! みんなに会えました', en: 'Your album is complete: you have met everyone!' },
    note: { ja: 'この端末だけに残ります。', en: 'It is kept on this device alone.' },
    empty: { ja: '図鑑を空にする', en: 'Empty the album' },
    card: { ja: 'カードを見る', en: 'See the card' },
  },

  /** @param {number} n */
  face: (n) => ({ ja: `${n}の顔`, en: `Face ${n}` }),
  pictureCopied: { ja: '画像をコピーしました', en: 'The picture is copied' },
  pictureNotCopied: { ja: 'コピーできませんでした。保存してお使いください', en: 'It could not be copied; please save it' },

  /** @param {Words} title what the card says */
  post: (title) => ({ ja: `フレンズ判定器によると… ${title.ja}`, en: `Friends Judge says: ${title.en}` }),

  isOneWrong: { ja: 'このなかにフレンズがいますか?', en: 'Is one of them a Friend?' },
  isItRight: { ja: 'あたっていますか?', en: 'Is that right?' },
  right: { ja: 'あたり', en: 'Right' },
  wrong: { ja: 'ちがう', en: 'Wrong' },
  whoIsIt: { ja: 'だれですか?', en: 'Who is it?' },
  withCrop: {
    ja: '判定をよくするために、この顔の切り抜きも渡す(30日で消えます)',
    en: 'Give this face’s crop too, to make the judge better (kept for 30 days)',
  },
  thanks: { ja: 'ありがとうございます。受け取りました。', en: 'Thank you, noted.' },
  sayAgain: { ja: 'えらびなおす', en: 'Change it' },

  photoState: { ja: '写真', en: 'Photo' },
  photoIncomplete: { ja: '終わりが少し欠けています', en: 'its end is missing' },
  photoDeleted: { ja: '写真を消した時刻', en: 'Photo deleted' },
  resultKept: { ja: '結果が残る期限', en: 'Result kept until' },
  model: { ja: '判定モデル', en: 'Model' },

  /** Who besides the service sees a photo, by the detector's name. */
  seenBy: {
    embedded: {
      ja: '顔をさがすのも判定も、このサーバーの中だけで行います。写真をほかの会社に渡すことはありません。',
      en: 'Faces are found and judged on this server alone. No photo goes to any other company.',
    },
    'cloud-vision': {
      ja: '顔をさがすために、写真を Google の Cloud Vision に送ります。判定はこのサーバーで行います。',
      en: 'To find faces, the photo is sent to Google’s Cloud Vision. Judging is done on this server.',
    },
    cascade: {
      ja: 'まずこのサーバーで顔をさがし、見つからないか、自信がないときは、写真を Google の Cloud Vision に送ります。判定はこのサーバーで行います。',
      en: 'Faces are looked for on this server first; where none is found, or none surely, the photo is sent to Google’s Cloud Vision. Judging is done on this server.',
    },
    unknown: {
      ja: 'いまの設定を確かめられませんでした。あとで開き直してください。',
      en: 'The present setting could not be read. Please reload later.',
    },
  },
  linkCopied: {
    ja: 'リンク(コピーしました。結果を消すと、このページも消えます)',
    en: 'The link (copied; deleting the result deletes this page)',
  },
  linkToCopy: {
    ja: 'リンク(えらんであるので、コピーしてください。結果を消すと、このページも消えます)',
    en: 'The link (selected for you to copy; deleting the result deletes this page)',
  },
  docs: { ja: '説明を読みこめませんでした。開き直してみてください。', en: 'The description could not be read. Try to reload.' },
  stats: {
    none: {
      ja: 'まだ数えたものがありません。数は1分ごとに書きこまれます。',
      en: 'Nothing has been counted yet. Counts are written once a minute.',
    },
    unreadable: { ja: '数を読みこめませんでした。開き直してみてください。', en: 'The counts could not be read. Try to reload.' },
    judged: { ja: '判定', en: 'Judgements' },
    friends: { ja: 'フレンズがいた写真', en: 'Photos with a Friend' },
    phones: { ja: 'スマートフォンから', en: 'From phones' },
    right: { ja: '「あたり」', en: 'Said to be right' },
    failed: { ja: '判定できなかった', en: 'Not judged' },
    day: { ja: '日(UTC)', en: 'Day (UTC)' },
    /** @param {number} part @param {number} all */
    outOf: (part, all) => ({ ja: `${all}のうち${part}`, en: `${part} of ${all}` }),
  },
  noContact: {
    ja: 'この判定器を動かしている人は、連絡先を書いていません。結果の画面の「結果をいま消す」は、いつでも使えます。',
    en: 'Whoever runs this judge has given no address. “Delete this result now” below a result always works.',
  },
};

/**
 * Those of a group by name, each once, and how many others there are.
 * @param {{friend: Words, count: number}[]} found at least one
 * @param {number} others
 * @returns {Words}
 */
export function groupNames(found, others) {
  const ja = found.map(({ friend, count }) => (count > 1 ? `${friend.ja}${count}人` : friend.ja)).join('と');
  const names = found.map(({ friend, count }) => (count > 1 ? `${friend.en} × ${count}` : friend.en));
  if (others > 0) {
    return { ja: `${ja}、ほか${others}人`, en: `${names.join(', ')} and ${others} ${others === 1 ? 'other' : 'others'}` };
  }
  const last = names.pop();
  return { ja, en: names.length ? `${names.join(', ')} and ${last}` : last };
}

/** What to say for an API error: by its reason or code, else the server's own English message. */
export function errorWords(code, message, reason) {
  if (Object.hasOwn(words.reasons, reason ?? '')) return words.reasons[reason];
  if (Object.hasOwn(words.errors, code ?? '')) return words.errors[code];
  return message ? { ja: words.unknownError.ja, en: message } : words.unknownError;
}

/** An end of a visit other than `done`: its state, what to say, and perhaps the server's own detail. */
export class Ending extends Error {
  /**
   * @param {'rejected'|'failed'|'expired'|'deleted'} state
   * @param {Words} say
   * @param {{detail?: string, transient?: boolean, retryAfter?: number}} [more] `transient`: worth another try as it is;
   * `retryAfter`: not before so many seconds
   */
  constructor(state, say, { detail = '', transient = false, retryAfter = 0 } = {}) {
    super(say.en);
    this.state = state;
    this.say = say;
    this.detail = detail;
    this.transient = transient;
    this.retryAfter = retryAfter;
  }
}
