using System.Text.Json;
using Plue.Server.Json5;

namespace Plue.Server.Tests.Json5;

/// <summary>The cases of the official JSON5 test suite: valid texts with their values as JSON, and invalid texts.</summary>
public class Json5SuiteTests
{
    public static TheoryData<string, string> Valid =>
        new()
        {
            // arrays
            { "[]", "[]" },
            { "[true, false, null]", "[true,false,null]" },
            { "[null,]", "[null]" },
            // comments
            { "[false /* block */]", "[false]" },
            { "null /* block */", "null" },
            { "\"/* in a string */\"", "\"/* in a string */\"" },
            { "/* before */ null", "null" },
            { "/** with ** asterisks **/ true", "true" },
            { "[/* before */ false, /* and between */ true]", "[false,true]" },
            { "[false // line\n]", "[false]" },
            { "null // line", "null" },
            { "\"// in a string\"", "\"// in a string\"" },
            { "// before\nnull", "null" },
            // line breaks
            { "{\r  // cr\r  a: true\r}", """{"a":true}""" },
            { "{\r\n  // crlf\r\n  a: true\r\n}", """{"a":true}""" },
            { "{\n  // lf\n  a: true\n}", """{"a":true}""" },
            { "{// ls\u2028a: 1, // ps\u2029b: 2}", """{"a":1,"b":2}""" },
            { "{a: 'line 1 \\\rline 2'}", """{"a":"line 1 line 2"}""" },
            { "{a: 'line 1 \\\r\nline 2'}", """{"a":"line 1 line 2"}""" },
            { "{a: 'line 1 \\\nline 2'}", """{"a":"line 1 line 2"}""" },
            { "'line 1 \\\u2028line 2\\\u2029'", "\"line 1 line 2\"" },
            { "\"ls \u2028 ps \u2029 stand\"", "\"ls \\u2028 ps \\u2029 stand\"" },
            // white space
            { "\uFEFF{\t\v\f \u00A0\uFEFF\n\r\u2028\u2029\u2003a\u3000:\u2000true\u1680}", """{"a":true}""" },
            // numbers
            { ".5", "0.5" },
            { "0.5", "0.5" },
            { "5.e4", "50000" },
            { "5.", "5" },
            { "1.2e3", "1200" },
            { "1.2", "1.2" },
            { "0xc8", "200" },
            { "0XC8", "200" },
            { "0xc8e4", "51428" },
            { "0xdecaf", "912559" },
            { "0xFFFFFFFFFFFFFFFFFFFF", "1208925819614629174706175" },
            { "2e23", "2e23" },
            { "2E-23", "2e-23" },
            { "5e-0", "5" },
            { "1e+2", "100" },
            { "5e+0", "5" },
            { "15", "15" },
            { "-.5", "-0.5" },
            { "-0.5", "-0.5" },
            { "-5.", "-5" },
            { "-1.2", "-1.2" },
            { "-0xC8", "-200" },
            { "-15", "-15" },
            { "-0", "-0" },
            { "-0.0", "-0" },
            { "-.0", "-0" },
            { "-0.", "-0" },
            { "-0x0", "-0" },
            { "0", "0" },
            { "0.0", "0" },
            { ".0", "0" },
            { "0.", "0" },
            { "0x0", "0" },
            { "+15", "15" },
            { "+.5", "0.5" },
            { "+1.2", "1.2" },
            { "+0xC8", "200" },
            { "+0", "0" },
            { "+5.", "5" },
            // objects
            { """{"a": true, "a": false}""", """{"a":false}""" },
            { "{}", "{}" },
            { "{while: true, null: 1, Infinity: 2, NaN: 3, true: 4}", """{"while":true,"null":1,"Infinity":2,"NaN":3,"true":4}""" },
            { "{'hello': \"world\"}", """{"hello":"world"}""" },
            { "{\"foo\": \"bar\",}", """{"foo":"bar"}""" },
            {
                "{hello: \"world\", _: 'underscore', $: 'dollar', one1: 'numerals', _$_: 'mixed', $_$hello123world_$_: 'more'}",
                """{"hello":"world","_":"underscore","$":"dollar","one1":"numerals","_$_":"mixed","$_$hello123world_$_":"more"}"""
            },
            { "{sig\\u03A3ma: 'escaped', \\u0024x: 1}", """{"sigΣma":"escaped","$x":1}""" },
            {
                "{ümlåût: 'letters', a\u0301: 1, a\u200C\u200D: 2, 𐊧: 3, Ⅷ: 4, a‿b: 5}",
                "{\"ümlåût\":\"letters\",\"a\u0301\":1,\"a\u200C\u200D\":2,\"𐊧\":3,\"Ⅷ\":4,\"a‿b\":5}"
            },
            { "{__proto__: {a: 1}}", """{"__proto__":{"a":1}}""" },
            // strings
            { "'I can\\'t wait'", "\"I can't wait\"" },
            { "'hello\\\n world'", "\"hello world\"" },
            { "'hello \"world\"'", """ "hello \"world\"" """ },
            { "\"hello 'world'\"", "\"hello 'world'\"" },
            { @"'\b\f\n\r\t\v\0\x0f\u01fF\a\'\""\\\/'", """ "\b\f\n\r\t\u000b\u0000\u000f\u01ffa'\"\\/" """ },
            { "'tab\tand control \u0001'", """ "tab\tand control \u0001" """ },
            { @"'\ud83d\ude00'", "\"😀\"" },
            // the example of json5.org
            {
                """
                    {
                      // comments
                      unquoted: 'and you can quote me on that',
                      singleQuotes: 'I can use "double quotes" here',
                      lineBreaks: "Look, Mom! \
                    No \\n's!",
                      hexadecimal: 0xdecaf,
                      leadingDecimalPoint: .8675309, andTrailing: 8675309.,
                      positiveSign: +1,
                      trailingComma: 'in objects', andIn: ['arrays',],
                      "backwardsCompatible": "with JSON",
                    }
                    """,
                """
                    {"unquoted":"and you can quote me on that","singleQuotes":"I can use \"double quotes\" here","lineBreaks":"Look, Mom! No \\n's!",
                     "hexadecimal":912559,"leadingDecimalPoint":0.8675309,"andTrailing":8675309,"positiveSign":1,"trailingComma":"in objects","andIn":["arrays"],
                     "backwardsCompatible":"with JSON"}
                    """
            },
        };

    public static TheoryData<string> Invalid =>
        [
            // arrays
            "[,null]",
            "[,]",
            "[true false]",
            "[1",
            "[1}",
            "[1,,2]",
            "]",
            // comments
            "// only a comment",
            "/* only a comment */",
            "/* open",
            "true /* open",
            "/* a /* nested */ */ true",
            "/",
            "tr/**/ue",
            "# not a comment\n1",
            // misc
            "",
            " \n ",
            "1 2",
            "truefalse",
            "undefined",
            "True",
            "nul",
            // numbers
            "0x",
            "0xg",
            "1e2.3",
            "1e0x4",
            "1e-2.3",
            "1e-0x4",
            "1e",
            "1e+",
            ".",
            "+.",
            "-.",
            "-",
            "+",
            "010",
            "-010",
            "+010",
            "080",
            "-098",
            "0980",
            "--1",
            "+-1",
            "1.2.3",
            "1_000",
            "12px",
            "0x1.8",
            "0xC8.",
            "+ 1",
            "Infinit",
            "-Infinitys",
            // objects
            "{10twenty: 1}",
            "{multi-word: 1}",
            "{,\"a\": 1}",
            "{,}",
            "{\"a\": 1 \"b\": 2}",
            "{a}",
            "{a:}",
            "{:1}",
            "{a: 1,, b: 2}",
            "{a: 1",
            "{a: 1]",
            "{\\u0031a: 1}",
            "{\\x41: 1}",
            "{a\\u002d: 1}",
            "{1: 2}",
            // strings
            "\"foo\nbar\"",
            "\"foo\rbar\"",
            "'open",
            "\"open'",
            "'\\",
            "'\\x4'",
            "'\\u12'",
            "'\\u{41}'",
            "'\\1'",
            "'\\9'",
            "'\\01'",
            "'\\08'",
        ];

    [Fact]
    public void Valid_JSON5_parses_to_its_value() =>
        Assert.All(
            Valid.Select(row => row.Data),
            sample =>
            {
                var document = Json5Reader.Read(sample.Item1);
                Assert.Empty(document.Errors);
                using var expected = JsonDocument.Parse(sample.Item2);
                AssertSame(expected.RootElement, document.Root);
            }
        );

    [Fact]
    public void Invalid_JSON5_is_an_error_with_a_position() =>
        Assert.All(
            Invalid.Select(row => row.Data),
            text =>
            {
                var document = Json5Reader.Read(text);
                Assert.NotEmpty(document.Errors);
                Assert.All(document.Errors, error => Assert.InRange(error.Span.Start, 0, text.Length));
                Assert.All(document.Errors, error => Assert.InRange(error.Span.End, error.Span.Start, text.Length));
            }
        );

    [Theory]
    [InlineData("Infinity", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    [InlineData("+Infinity", double.PositiveInfinity)]
    [InlineData("NaN", double.NaN)]
    [InlineData("-NaN", double.NaN)]
    [InlineData("1e999", double.PositiveInfinity)]
    public void Numbers_that_JSON_lacks_are_read(string text, double expected) =>
        Assert.Equal(expected, Assert.IsType<Json5Number>(Json5Reader.Read(text).Root).Value);

    internal static void AssertSame(JsonElement expected, Json5Node? actual)
    {
        switch (expected.ValueKind)
        {
            case JsonValueKind.Object:
                var members = Assert.IsType<Json5Object>(actual);
                Assert.Equal(expected.EnumerateObject().Select(p => p.Name).ToHashSet(), members.Members.Select(m => m.Name).ToHashSet());
                foreach (var property in expected.EnumerateObject())
                {
                    AssertSame(expected.GetProperty(property.Name), members.Find(property.Name));
                }

                break;
            case JsonValueKind.Array:
                var items = Assert.IsType<Json5Array>(actual).Items;
                Assert.Equal(expected.GetArrayLength(), items.Count);
                for (var i = 0; i < items.Count; i++)
                {
                    AssertSame(expected[i], items[i]);
                }

                break;
            case JsonValueKind.String:
                Assert.Equal(expected.GetString(), Assert.IsType<Json5String>(actual).Value);
                break;
            case JsonValueKind.Number:
                var number = Assert.IsType<Json5Number>(actual).Value;
                Assert.Equal(BitConverter.DoubleToInt64Bits(expected.GetDouble()), BitConverter.DoubleToInt64Bits(number));
                break;
            case JsonValueKind.True or JsonValueKind.False:
                Assert.Equal(expected.GetBoolean(), Assert.IsType<Json5Boolean>(actual).Value);
                break;
            default:
                Assert.IsType<Json5Null>(actual);
                break;
        }
    }
}
