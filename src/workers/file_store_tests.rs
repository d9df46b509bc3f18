use super::*;
use crate::workers::store::tests::Scratch;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

const UPLOAD: MessageId = MessageId(0x1a);

pub(crate) fn files(scratch: &Scratch) -> FileStore {
    FileStore::open(&scratch.folder, Durability::Fsync).unwrap()
}

fn raw(bytes: &[u8]) -> PutData {
    PutData::Bytes(bytes.into())
}

fn base64(bytes: &[u8]) -> PutData {
    PutData::Base64(STANDARD.encode(bytes).into_bytes().into())
}

fn put(files: &mut FileStore, upload: MessageId, size: u64, offset: u64, data: &PutData) -> Put {
    files.put(Place { upload, size, offset }, data).unwrap()
}

/// Puts all of a file at once.
pub(crate) fn put_all(files: &mut FileStore, upload: MessageId, bytes: &[u8]) -> Sha256 {
    match put(files, upload, bytes.len() as u64, 0, &raw(bytes)) {
        Put::Whole(sum) => sum,
        other => panic!("{other:?}"),
    }
}

fn read_all(files: &FileStore, sum: Sha256) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(piece) = files.read(sum, all.len() as u64, 1000).unwrap() {
        if piece.is_empty() {
            return all;
        }
        all.extend_from_slice(&piece);
    }
    panic!("it is missing");
}

fn part(files: &FileStore) -> PathBuf {
    files.part_path(UPLOAD)
}

/// A few kilobytes in which no two places are alike.
fn content(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 7 + n / 251) as u8).collect()
}

#[test]
fn pieces_become_a_file_under_its_sum() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let content = content(100_000);
    let pieces: Vec<&[u8]> = content.chunks(PIECE_BYTES).collect();
    let size = content.len() as u64;
    let mut offset = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let outcome = put(&mut files, UPLOAD, size, offset, &base64(piece));
        offset += piece.len() as u64;
        if number + 1 < pieces.len() {
            assert_eq!(outcome, Put::Taken { next: offset });
        } else {
            let sum = Sha256(Hasher::digest(&content).into());
            assert_eq!(outcome, Put::Whole(sum));
            assert_eq!(read_all(&files, sum), content);
            let path = content_path(scratch.folder.path(), sum);
            assert!(path.ends_with(format!("attachments/{}/{sum}", &sum.to_string()[..2])));
            assert_eq!(sum_of(&path).unwrap(), (size, sum));
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }
}

#[test]
fn the_sum_is_the_known_one_also_of_nothing() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let sums = [
        (&b"abc"[..], "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ];
    for (number, (bytes, sum)) in (1..).zip(sums) {
        assert_eq!(put_all(&mut files, MessageId(number), bytes), Sha256::parse(sum).unwrap());
    }
}

#[test]
fn what_is_no_next_piece_changes_nothing() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    assert_eq!(put(&mut files, UPLOAD, 10, 0, &raw(b"01234")), Put::Taken { next: 5 });
    let bad = |text: &str| PutData::Base64(text.as_bytes().into());
    let cases = [
        (0, raw(b"01234"), Put::Elsewhere { next: 5 }),
        (6, raw(b"6789"), Put::Elsewhere { next: 5 }),
        (u64::MAX, raw(b"6789"), Put::Elsewhere { next: 5 }),
        (5, bad("MTI*"), Put::Refused(PutFault::Base64)),
        (5, bad("MTI"), Put::Refused(PutFault::Base64)),
        (5, bad("MTIz\n"), Put::Refused(PutFault::Base64)),
        (5, bad("MT-_"), Put::Refused(PutFault::Base64)),
        (5, raw(b"567890"), Put::Refused(PutFault::Size)),
        (5, raw(&[0; RAW_PIECE_BYTES + 1]), Put::Refused(PutFault::Piece)),
        (5, base64(&[0; PIECE_BYTES + 1]), Put::Refused(PutFault::Piece)),
        (5, base64(&vec![0; 10 * PIECE_BYTES]), Put::Refused(PutFault::Piece)),
        (5, raw(b""), Put::Taken { next: 5 }),
    ];
    for (offset, data, expected) in cases {
        assert_eq!(put(&mut files, UPLOAD, 10, offset, &data), expected, "{offset} {data:?}");
        assert_eq!(fs::read(part(&files)).unwrap(), b"01234");
    }
    let whole = put(&mut files, UPLOAD, 10, 5, &base64(b"56789"));
    assert_eq!(whole, Put::Whole(Sha256(Hasher::digest(b"0123456789").into())));
}

#[test]
fn the_largest_pieces_are_taken() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let (raw_piece, piece) = (content(RAW_PIECE_BYTES), content(PIECE_BYTES));
    let size = (RAW_PIECE_BYTES + PIECE_BYTES) as u64;
    let next = RAW_PIECE_BYTES as u64;
    assert_eq!(put(&mut files, UPLOAD, size, 0, &raw(&raw_piece)), Put::Taken { next });
    assert!(matches!(put(&mut files, UPLOAD, size, next, &base64(&piece)), Put::Whole(_)));
}

#[test]
fn an_upload_goes_on_after_a_restart_wherever_it_was() {
    let content = content(9000);
    let size = content.len() as u64;
    for cut in [0, 1, 4096, 8999] {
        let scratch = Scratch::new();
        if cut > 0 {
            let next = cut as u64;
            let begun = put(&mut files(&scratch), UPLOAD, size, 0, &raw(&content[..cut]));
            assert_eq!(begun, Put::Taken { next });
        }
        let mut files = files(&scratch);
        let asked = put(&mut files, UPLOAD, size, size, &raw(b""));
        assert_eq!(asked, Put::Elsewhere { next: cut as u64 });
        let Put::Whole(sum) = put(&mut files, UPLOAD, size, cut as u64, &raw(&content[cut..]))
        else {
            panic!("at {cut}")
        };
        assert_eq!(
            (sum, read_all(&files, sum)),
            (Sha256(Hasher::digest(&content).into()), content.clone())
        );
    }
}

#[test]
fn who_did_not_hear_of_the_end_asks_again() {
    let scratch = Scratch::new();
    let mut before = files(&scratch);
    let sum = put_all(&mut before, UPLOAD, b"all of it");
    assert!(before.is_promised(sum));
    let again = |files: &mut FileStore| put(files, UPLOAD, 9, 9, &raw(b""));
    assert_eq!(again(&mut before), Put::Whole(sum));
    let mut after = files(&scratch);
    assert!(!after.is_promised(sum));
    assert_eq!(put(&mut after, UPLOAD, 9, 0, &raw(b"all of it")), Put::Elsewhere { next: 9 });
    // Its content went, since no row had it yet.
    after.remove_content(sum).unwrap();
    assert_eq!(after.read(sum, 0, 1).unwrap(), None);
    assert_eq!(again(&mut after), Put::Whole(sum));
    assert_eq!(read_all(&after, sum), b"all of it");
    after.drop_pieces(UPLOAD).unwrap();
    assert!(!part(&after).exists() && !after.is_promised(sum));
    assert_eq!(read_all(&after, sum), b"all of it", "it stays");
}

#[test]
fn equal_files_are_there_once() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let sum = put_all(&mut files, MessageId(1), b"same");
    let inode = || content_path(scratch.folder.path(), sum).metadata().unwrap().ino();
    let first = inode();
    assert_eq!(put_all(&mut files, MessageId(2), b"same"), sum);
    assert_eq!(inode(), first);
    (1..=2).for_each(|upload| files.drop_pieces(MessageId(upload)).unwrap());
    assert_eq!(content_path(scratch.folder.path(), sum).metadata().unwrap().nlink(), 1);
    assert_eq!(files.contents(first_byte(sum)).unwrap(), [sum]);
}

#[test]
fn content_that_was_damaged_is_replaced() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let sum = put_all(&mut files, MessageId(1), b"precious");
    files.drop_pieces(MessageId(1)).unwrap();
    for damaged in ["prec", "PRECIOUS", "precious and more"] {
        fs::write(content_path(scratch.folder.path(), sum), damaged).unwrap();
        assert_eq!(put_all(&mut files, MessageId(2), b"precious"), sum);
        assert_eq!(read_all(&files, sum), b"precious");
        files.drop_pieces(MessageId(2)).unwrap();
    }
}

#[test]
fn a_part_that_shrank_or_is_too_long_begins_anew() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    put(&mut files, UPLOAD, 8, 0, &raw(b"0123"));
    fs::write(part(&files), "01").unwrap();
    assert_eq!(put(&mut files, UPLOAD, 8, 4, &raw(b"4567")), Put::Elsewhere { next: 0 });
    fs::write(part(&files), "0123456789").unwrap();
    files.parts.clear();
    assert_eq!(put(&mut files, UPLOAD, 8, 8, &raw(b"")), Put::Elsewhere { next: 0 });
    put(&mut files, UPLOAD, 8, 0, &raw(b"0123"));
    // What a write left that was not answered for.
    fs::write(part(&files), "0123rest").unwrap();
    let whole = put(&mut files, UPLOAD, 8, 4, &raw(b"4567"));
    assert_eq!(whole, Put::Whole(Sha256(Hasher::digest(b"01234567").into())));
}

#[test]
fn a_full_disk_costs_one_piece_and_no_more() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    symlink("/dev/full", part(&files)).unwrap();
    let place = Place { upload: UPLOAD, size: 8, offset: 0 };
    for _ in 0..2 {
        let error = files.put(place, &raw(b"0123")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
    fs::remove_file(part(&files)).unwrap();
    assert_eq!(put(&mut files, UPLOAD, 8, 0, &raw(b"0123")), Put::Taken { next: 4 });
    assert!(matches!(put(&mut files, UPLOAD, 8, 4, &raw(b"4567")), Put::Whole(_)));
}

#[test]
fn a_last_piece_that_could_not_be_put_in_place_is_not_asked_for_again() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let sum = Sha256(Hasher::digest(b"0123").into());
    // Something else has the name of the folder.
    let folder = files.content_folder(first_byte(sum));
    symlink("nowhere", &folder).unwrap();
    let place = Place { upload: UPLOAD, size: 4, offset: 0 };
    files.put(place, &raw(b"0123")).unwrap_err();
    fs::remove_file(&folder).unwrap();
    assert_eq!(files.put(place, &raw(b"0123")).unwrap(), Put::Elsewhere { next: 4 });
    assert_eq!(put(&mut files, UPLOAD, 4, 4, &raw(b"")), Put::Whole(sum));
}

#[test]
fn a_file_is_read_from_anywhere_in_parts_of_any_length() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let sum = put_all(&mut files, UPLOAD, b"0123456789");
    let read = |offset, bytes| files.read(sum, offset, bytes).unwrap().map(<[u8]>::into_vec);
    assert_eq!(read(0, 4), Some(b"0123".to_vec()));
    assert_eq!(read(8, 4), Some(b"89".to_vec()));
    for offset in [10, 11, u64::MAX] {
        assert_eq!(read(offset, 4), Some(Vec::new()));
    }
    assert_eq!(read(0, usize::MAX).map(|piece| piece.len()), Some(10));
    assert_eq!(files.read(Sha256([7; 32]), 0, 1).unwrap(), None);
}

#[test]
fn no_more_is_remembered_than_so_many_uploads() {
    let scratch = Scratch::new();
    let mut files = FileStore::open(&scratch.folder, Durability::None).unwrap();
    let whole = put_all(&mut files, MessageId(1), b"x");
    let last = REMEMBERED as i64 + 2;
    for upload in 2..=last {
        put(&mut files, MessageId(upload), 9, 0, &raw(b""));
    }
    assert_eq!(files.parts.len(), REMEMBERED);
    assert!(files.is_promised(whole), "what is whole is remembered longer");
    assert!(!files.parts.contains_key(&MessageId(2)) && files.parts.contains_key(&MessageId(last)));
}

#[test]
fn only_names_of_ours_are_seen() {
    let scratch = Scratch::new();
    let mut files = files(&scratch);
    let sum = put_all(&mut files, UPLOAD, b"x");
    for name in ["open/note", "open/1a", "2d/README"] {
        fs::write(files.path().join(name), "x").unwrap();
    }
    assert_eq!(files.uploads().unwrap(), [UPLOAD]);
    assert_eq!(files.contents(first_byte(sum)).unwrap(), [sum]);
    assert_eq!(files.contents(0).unwrap(), []);
}
