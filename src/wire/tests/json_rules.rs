//! What RFC 8259 makes of a value, by its sections: what everybody must take, what nobody may take,
//! and what each may decide. A test of real programs reads this table too, so this file names
//! nothing of the house. What is asked of each is written here as values of our own.

/// What is to be made of a value that is a member's of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The grammar has it: taken.
    Taken,
    /// The grammar does not have it: refused.
    Refused,
    /// It ends within a string or a bracket: what closes the object may seem to be its own, so it
    /// is refused at once or when nothing more comes.
    Unended,
    /// Each may decide; here it is taken.
    TakenByChoice,
    /// Each may decide, or the grammar has it; here it is refused by a rule of our own.
    RefusedByRule(Rule),
}

/// Our rules that are stricter than the grammar: all exceptions from "the grammar has it: taken".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Section 4: names should be unique. Two readers might each see another value.
    DuplicateKey,
    /// Section 9: a bound of the nesting.
    Depth,
    /// Section 9: a bound of the members of one object.
    Members,
    /// Section 9: a bound of the size of the text.
    Size,
    /// Section 6: a number that no double holds.
    NumberRange,
    /// Section 8.2: an escape that is half of a surrogate pair.
    LoneSurrogate,
    /// Section 8.1: bytes that are not UTF-8.
    NotUtf8,
}

use Rule::{DuplicateKey, LoneSurrogate, NotUtf8, NumberRange};
use Verdict::{Refused, RefusedByRule, Taken, TakenByChoice, Unended};

/// Values of one kind with one verdict.
pub(super) type Row = (&'static str, Verdict, &'static [&'static [u8]]);

/// Section 2: the structural characters and white space.
#[rustfmt::skip]
const GRAMMAR: [Row; 6] = [
    (
        "white space around every token",
        Taken,
        &[b" 1", b"1 ", b"\t1\t", b"\n1\n", b"\r1\r", b" \t\n\r1\r\n\t ", b"[ ]", b"{ }",
          b"[ 1 , 2 ]", b"{ \"a\" : 1 , \"b\" : 2 }", b"{\n\t\"a\"\r\n:\n[\n]\n}"],
    ),
    (
        "no other white space",
        Refused,
        &[b"\x0b1", b"\x0c1", b"1\x0b", b"\xc2\xa01", b"\xe2\x80\x831", b"\xe2\x80\xa81",
          b"\xef\xbb\xbf1", b"1\xef\xbb\xbf", b"\xc2\x851", b"\x001", b"1\x00", b"\x7f1", b"\x1f1",
          b"[\x0c]", b"[1\x0c,2]", b"{\x0c}", b"{\"a\"\x0b:1}", b"\xe2\x81\xa0[]"],
    ),
    (
        "one value, and nothing else",
        Refused,
        &[b"", b" ", b"1 2", b"1,", b",", b",1", b"1;", b":1", b"1:2", b"\"a\" \"b\"", b"[][]",
          b"null null", b"1\"a\"", b"\"a\":\"b\"", b"[]\"\"", b"<null>", b"(1)", b"*", b"&", b"@",
          b"$", b"`1`", b"=1", b"\\u0031", b"\\n1", b"\\"],
    ),
    (
        "no comments",
        Refused,
        &[b"1/**/", b"/**/1", b"1//a\n", b"//a\n1", b"1#a\n", b"[1/*,*/]", b"{\"a\":/*b*/1}",
          b"1--a\n", b"[/]", b"1/", b"/"],
    ),
    (
        "brackets in pairs",
        Refused,
        &[b"]", b"[1]]", b"[]]", b"[}", b"[1}", b"[{]}", b"[1)", b"(1]"],
    ),
    (
        "brackets that are never closed",
        Unended,
        &[b"[", b"[1", b"[1,", b"[[", b"[[]", b"[\"a\"", b"[{}", b"{", b"{\"a\"", b"{\"a\":",
          b"{\"a\":1", b"{\"a\":1,", b"{\"a\":{}", b"{\"a\":[]", b"[{\"a\":[{", b"[\"}\""],
    ),
];

/// Section 3: values.
#[rustfmt::skip]
const VALUES: [Row; 2] = [
    ("the three names", Taken, &[b"true", b"false", b"null", b"[true,false,null]"]),
    (
        "no other names",
        Refused,
        &[b"True", b"TRUE", b"False", b"Null", b"NULL", b"nul", b"nulll", b"tru", b"truee",
          b"fals", b"falsee", b"nil", b"None", b"undefined", b"yes", b"t", b"n", b"f",
          b"truefalse", b"true false", b"tr\\u0075e", b"\xd0\xbfull", b"a", b"abc", b"[a]",
          b"[nul]", b"{\"a\":t}", b"new Date()", b"b\"a\"", b"u\"a\"", b"r\"a\""],
    ),
];

/// Section 4: objects.
#[rustfmt::skip]
const OBJECTS: [Row; 4] = [
    (
        "members between braces",
        Taken,
        &[b"{}", b"{\"a\":1}", b"{\"\":1}", b"{\" \":1}", b"{\"a\":1,\"b\":2}", b"{\"a\":{}}",
          b"{\"a\":[]}", b"{\"a\":{\"a\":{\"a\":1}}}", b"{\"\\u0000\":1}", b"{\"\\\"\":1}",
          b"{\"a\\u0062\":1}", b"{\"\xd0\xbf\":1}", b"{\"\xf0\x9f\x98\x80\":1}", b"{\"}\":\"{\"}",
          b"{\"null\":null}", b"{\"__proto__\":1}", b"{\"constructor\":{\"prototype\":1}}"],
    ),
    (
        "names that differ, however little",
        Taken,
        &[b"{\"a\":1,\"A\":1}", b"{\"a\":1,\"a \":1}", b"{\"a\":1,\"\\u0430\":1}",
          b"{\"\\u00e9\":1,\"e\\u0301\":1}", b"{\"a\":1,\"aa\":1}", b"{\"\":1,\" \":1}",
          b"{\"a\":{\"a\":1}}", b"[{\"a\":1},{\"a\":1}]", b"{\"1\":1,\"1.0\":1}"],
    ),
    (
        "no other members",
        Refused,
        &[b"{,}", b"{\"a\":1,}", b"{,\"a\":1}", b"{\"a\":1,,\"b\":2}", b"{\"a\":1 \"b\":2}",
          b"{\"a\":1;\"b\":2}", b"{\"a\"}", b"{\"a\",1}", b"{\"a\":}", b"{\"a\" 1}", b"{\"a\"=1}",
          b"{\"a\"=>1}", b"{\"a\"::1}", b"{\"a\":1:2}", b"{:1}", b"{:}", b"{a:1}", b"{'a':1}",
          b"{1:1}", b"{null:1}", b"{true:1}", b"{[]:1}", b"{{}:1}", b"{{}}", b"{[]}", b"{1}",
          b"{\"a\":1 2}", b"{\"a\":\"b\"c}", b"{\"a\":1,\"b\"}", b"{\"a\":1,b:2}", b"{\"a\":1]}",
          b"{\"a\":[}", b"{...{}}", b"{\"a\" \"b\":1}", b"{\xe2\x80\x9ca\xe2\x80\x9d:1}"],
    ),
    (
        "a name twice",
        RefusedByRule(DuplicateKey),
        &[b"{\"a\":1,\"a\":2}", b"{\"a\":1,\"a\":1}", b"{\"\":1,\"\":1}",
          b"{\"a\":1,\"\\u0061\":2}", b"{\"\\u0061\":1,\"\\u0061\":1}", b"{\"\\/\":1,\"/\":1}",
          b"{\"a\":1,\"b\":1,\"a\":1}", b"[{\"a\":1,\"a\":1}]", b"{\"b\":{\"a\":1,\"a\":1}}",
          b"{\"\\u00e9\":1,\"\xc3\xa9\":1}", b"{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":1}",
          b"{\"a\":{},\"a\":{}}"],
    ),
];

/// Section 5: arrays.
#[rustfmt::skip]
const ARRAYS: [Row; 2] = [
    (
        "values between brackets",
        Taken,
        &[b"[]", b"[1]", b"[1,2]", b"[[]]", b"[[],[]]", b"[{}]", b"[\"\"]", b"[null,1,\"1\",{}]",
          b"[1,1]", b"[\"]\",\"[\"]", b"[[[[[[[[]]]]]]]]",
          b"[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29]"],
    ),
    (
        "no other elements",
        Refused,
        &[b"[,]", b"[1,]", b"[,1]", b"[1,,2]", b"[1,,]", b"[1 2]", b"[1;2]", b"[1:2]",
          b"[\"a\":1]", b"[\"a\"1]", b"[1\"a\"]", b"[1,*]", b"[a]", b"[-]", b"[1,2,]", b"[[1,2]3]",
          b"[[] []]", b"[...]", b"[{}{}]", b"[1.2.3]", b"[]1", b"[,\"\"]", b"['a']",
          b"[\"a\",\n4\n,1,"],
    ),
];

/// Section 6: numbers.
#[rustfmt::skip]
const NUMBERS: [Row; 4] = [
    (
        "digits, a fraction, an exponent",
        Taken,
        &[b"0", b"-0", b"1", b"-1", b"9", b"10", b"123", b"-123", b"0.0", b"0.5", b"-0.5", b"1.5",
          b"100.001", b"0.000000000000000000000001", b"1e1", b"1E1", b"1e+1", b"1E+1", b"1e-1",
          b"1E-1", b"0e1", b"0E1", b"0e+1", b"0e-1", b"-0e1", b"1e00", b"1e01", b"1e-01",
          b"1.0e10", b"1.5E+10", b"123.456e-7", b"20000000000000000000", b"9007199254740993",
          b"-9223372036854775809", b"18446744073709551616", b"1.7976931348623157e308", b"5e-324",
          b"0.1000000000000000055511151231257827021181583404541015625"],
    ),
    (
        "nothing else",
        Refused,
        &[b"+1", b"++1", b"-+1", b"+-1", b"--1", b"- 1", b"-", b"+", b"01", b"-01", b"00", b"-00",
          b"012", b"00.5", b".5", b"-.5", b"1.", b"-1.", b"0.", b"1.e1", b"0.e1", b".e1", b".",
          b"1..2", b"1.2.3", b"1e", b"1E", b"1e+", b"1e-", b"1.5e", b"0e", b"0e+", b"1e1.5",
          b"1e+-1", b"1ee1", b"1eE1", b"1 000", b"1 e1", b"1e 1", b"1. 5", b"1,5", b"1_000",
          b"1'000", b"0x1F", b"0b1", b"0o7", b"1f", b"1L", b"1n", b"1a", b"1ea", b"-a", b"1e1e1",
          b"1/2", b"1+1", b"1-1", b"1%", b"$1", b"NaN", b"nan", b"-NaN", b"Infinity", b"-Infinity",
          b"inf", b"Inf", b"-inf", b"1#INF", b"1e\xd0\xb51", b"\xef\xbc\x91", b"\xd9\xa1",
          b"\xc2\xbd", b"1\xcc\x81", b"\xe2\x88\x921", b"-\xef\xbc\x91", b"1.\xef\xbc\x95", b"0x",
          b"-0x1", b"1e0x1", b"00e1", b"0_1"],
    ),
    (
        "more digits than a double keeps, and too small for one",
        TakenByChoice,
        &[b"1e-400", b"-1e-400", b"1e-99999999999999999999", b"0e999", b"0e99999999999999999999",
          b"-0e999", b"0.0e999", b"123456789012345678901234567890123456789012345678901234567890",
          b"0.123456789012345678901234567890123456789012345678901234567890",
          b"0.00000000000000000000000000000000000000000000000000000000001e350",
          b"1000000000000000000000000000000000000000000000000000000000000e-400"],
    ),
    (
        "too great for a double",
        RefusedByRule(NumberRange),
        &[b"1e309", b"-1e309", b"1e400", b"1e999", b"1e+999", b"1E999", b"1.8e308", b"10e308",
          b"1e99999999999999999999", b"-1e99999999999999999999", b"[1e999]", b"{\"a\":1e999}",
          b"0.1e310", b"100000000000000000000e300"],
    ),
];

/// Sections 7 and 8: strings.
#[rustfmt::skip]
const STRINGS: [Row; 7] = [
    (
        "characters as they are",
        Taken,
        &[b"\"\"", b"\" \"", b"\"a\"", b"\"'\"", b"\"/\"", b"\"\x7f\"", b"\"\xd0\xbf\"",
          b"\"\xc2\x80\"", b"\"\xc2\x85\"", b"\"\xc2\xa0\"", b"\"\xdf\xbf\"", b"\"\xe0\xa0\x80\"",
          b"\"\xed\x9f\xbf\"", b"\"\xee\x80\x80\"", b"\"\xef\xbb\xbf\"", b"\"\xe2\x80\xa8\"",
          b"\"\xe2\x80\xa9\"", b"\"\xe2\x80\xae\"", b"\"\xef\xbf\xbd\"", b"\"\xef\xbf\xbe\"",
          b"\"\xef\xbf\xbf\"", b"\"\xf0\x90\x80\x80\"", b"\"\xf0\x9f\x98\x80\"",
          b"\"\xf4\x8f\xbf\xbf\"", b"\"e\xcc\x81\"", b"\"{[]},:\"", b"\"//\"", b"\"/**/\"",
          b"\"null\"", b"\"\xf0\x9b\xbf\xbf\""],
    ),
    (
        "escapes",
        Taken,
        &[b"\"\\\"\"", b"\"\\\\\"", b"\"\\/\"", b"\"\\b\"", b"\"\\f\"", b"\"\\n\"", b"\"\\r\"",
          b"\"\\t\"", b"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", b"\"\\\\\\\\\"", b"\"\\\\\\\"\"",
          b"\"\\\\n\"", b"\"\\\\u0041\"", b"\"\\u0041\"", b"\"\\u0000\"", b"\"\\u001f\"",
          b"\"\\u0022\"", b"\"\\u005c\"", b"\"\\u007f\"", b"\"\\u0080\"", b"\"\\u2028\"",
          b"\"\\u00e9\"", b"\"\\u00E9\"", b"\"\\uabcd\"", b"\"\\uABCD\"", b"\"\\uaBcD\"",
          b"\"\\ud7ff\"", b"\"\\ue000\"", b"\"\\ufdd0\"", b"\"\\ufffe\"", b"\"\\uffff\"",
          b"\"\\ud83d\\ude00\"", b"\"\\uD83D\\uDE00\"", b"\"\\ud800\\udc00\"",
          b"\"\\udbff\\udfff\"", b"\"\\u0060\\u012a\\u12AB\"", b"\"a\\u0062c\"", b"\"\\u00411\"",
          b"\"\\ud83d\\ude00\\ud83d\\ude00\"", b"\"\\u005Cn\"", b"\"\\u0022,\""],
    ),
    (
        "no raw control characters",
        Refused,
        &[b"\"\x00\"", b"\"\x01\"", b"\"\t\"", b"\"\n\"", b"\"\r\"", b"\"\r\n\"", b"\"a\x0bb\"",
          b"\"\x0c\"", b"\"\x1b[2J\"", b"\"\x1f\"", b"{\"\t\":1}", b"{\"\x00\":1}", b"[\"\n\"]"],
    ),
    (
        "no other escapes",
        Refused,
        &[b"\"\\a\"", b"\"\\v\"", b"\"\\0\"", b"\"\\'\"", b"\"\\x41\"", b"\"\\U0041\"", b"\"\\N\"",
          b"\"\\ \"", b"\"\\\n\"", b"\"\\\t\"", b"\"\\\x00\"", b"\"\\.\"", b"\"\\e\"",
          b"\"\\101\"", b"\"\\{\"", b"\"\\u{41}\"", b"\"\\u\"", b"\"\\u0\"", b"\"\\u00\"",
          b"\"\\u004\"", b"\"\\u004g\"", b"\"\\u00g1\"", b"\"\\ug041\"", b"\"\\u 041\"",
          b"\"\\u+041\"", b"\"\\u-041\"", b"\"\\u0x41\"", b"\"\\u00\\u0041\"", b"\"\\u004\\\"\"",
          b"\"\\\xd0\xbf\"", b"\"\\\xf0\x9f\x98\x80\"", b"\"\\u\xef\xbc\x90041\"",
          b"\"\\\xe2\x80\xa8\"", b"\"\\ud83d\\u\"", b"\"\\ud83d\\u1\"", b"\"\\ud83d\\x\"",
          b"{\"\\a\":1}"],
    ),
    (
        "double quotes and no others",
        Refused,
        &[b"'a'", b"''", b"`a`", b"\xe2\x80\x9ca\xe2\x80\x9d", b"\xc2\xaba\xc2\xbb", b"a", b"a b",
          b"\"a\"b", b"\"a\"\"b\"", b"\"a\"+\"b\"", b"&quot;a&quot;"],
    ),
    (
        "strings that are never closed",
        Unended,
        &[b"\"", b"\"a", b"\"\\\"", b"\"a\\\"b", b"\"\\", b"\"\\u", b"\"\\u00", b"[\"", b"{\"",
          b"{\"a\":\"", b"\"\"\"", b"\"\\\\\\\"", b"'\"'", b"\\\"a\\\"", b"\"\"a\"\"\""],
    ),
    (
        "half a surrogate pair",
        RefusedByRule(LoneSurrogate),
        &[b"\"\\ud800\"", b"\"\\uD800\"", b"\"\\udbff\"", b"\"\\udc00\"", b"\"\\udfff\"",
          b"\"\\ud83da\"", b"\"a\\ud83d\"", b"\"\\ud83d\\n\"", b"\"\\ud83d\\u0041\"",
          b"\"\\ud83d\\ud83d\"", b"\"\\ud83d\\ud83d\\ude00\"", b"\"\\ude00\\ud83d\"",
          b"\"\\ud83d \\ude00\"", b"\"\\ud83d\\\\ude00\"", b"\"\\ud83d\\ude00\\ude00\"",
          b"{\"\\ud83d\":1}", b"[\"\\ude00\"]", b"\"\\ud83d\xf0\x9f\x98\x80\"", b"\"\\ud83d\\\"\""],
    ),
];

/// Section 8.1: the encoding.
#[rustfmt::skip]
const ENCODING: [Row; 1] = [(
    "UTF-8 alone",
    RefusedByRule(NotUtf8),
    &[b"\"\xff\"", b"\"\xfe\"", b"\"\x80\"", b"\"\xbf\"", b"\"\xc0\xaf\"", b"\"\xc0\x80\"",
          b"\"\xc1\xbf\"", b"\"\xe0\x80\xaf\"", b"\"\xe0\x9f\xbf\"", b"\"\xf0\x80\x80\xaf\"",
          b"\"\xf0\x8f\xbf\xbf\"", b"\"\xed\xa0\x80\"", b"\"\xed\xbf\xbf\"",
          b"\"\xed\xa0\xbd\xed\xb8\x80\"", b"\"\xf4\x90\x80\x80\"", b"\"\xf5\x80\x80\x80\"",
          b"\"\xf8\x88\x80\x80\x80\"", b"\"\xfc\x84\x80\x80\x80\x80\"", b"\"\xc3\"",
          b"\"\xe2\x82\"", b"\"\xf0\x9f\x98\"", b"\"\xd0a\"", b"\"\xe9\"", b"\"a\xffb\"",
          b"{\"\xff\":1}", b"[\"\xff\"]", b"\"\\u00e9\xff\"", b"\xff", b"[\xff]", b"{\xff}",
          b"1\xff", b"\"\xe2\x28\xa1\"", b"\"\xff\xfea\""],
)];

/// All of them.
pub(super) fn rows() -> impl Iterator<Item = Row> {
    [&GRAMMAR[..], &VALUES, &OBJECTS, &ARRAYS, &NUMBERS, &STRINGS, &ENCODING]
        .into_iter()
        .flatten()
        .copied()
}

/// All of them as single values.
pub(super) fn cases() -> impl Iterator<Item = (&'static str, Verdict, &'static [u8])> {
    rows()
        .flat_map(|(name, verdict, values)| values.iter().map(move |value| (name, verdict, *value)))
}
