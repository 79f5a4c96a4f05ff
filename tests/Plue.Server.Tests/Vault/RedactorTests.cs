using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public class RedactorTests
{
    private const string Secret = "sk-ant/Ünï+code=42&x y";

    [Fact]
    public void Text_without_a_secret_comes_back_as_the_same_object()
    {
        var redactor = new Redactor();
        var text = string.Concat("nothing ", "here");
        Assert.Same(text, redactor.Mask(text));
        redactor.Register(Secret);
        Assert.Same(text, redactor.Mask(text));
    }

    [Fact]
    public void A_secret_is_masked_in_each_of_its_forms()
    {
        var redactor = new Redactor();
        redactor.Register(Secret);
        var url = Uri.EscapeDataString(Secret);
        foreach (
            var form in new[]
            {
                Secret,
                url,
                url.Replace("%20", "+"),
                url.ToLowerInvariant().Replace("ünï", "Ünï"),
                JsonEncodedText.Encode(Secret).ToString(),
                Convert.ToBase64String(Encoding.UTF8.GetBytes(Secret)),
            }
        )
        {
            Assert.DoesNotContain(form, redactor.Mask($"before {form} after"));
            Assert.StartsWith("before ***", redactor.Mask($"before {form} after"));
        }
    }

    [Fact]
    public void A_secret_inside_base64_is_masked_at_every_alignment()
    {
        var redactor = new Redactor();
        redactor.Register(Secret);
        foreach (var user in new[] { "", "a", "ab", "abc", "abcd" })
        {
            var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}{Secret}:tail"));
            Assert.Contains("***", redactor.Mask(encoded));
            Assert.Contains("***", redactor.Mask(Uri.EscapeDataString(encoded)));
            Assert.Contains("***", redactor.Mask(encoded.Replace('+', '-').Replace('/', '_')));
        }
    }

    public static TheoryData<string, Func<string, string>> Encodings =>
        new()
        {
            { "hex", text => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text)) },
            { "upper-case hex", text => Convert.ToHexString(Encoding.UTF8.GetBytes(text)) },
            { "percent-encoding of every byte", text => Bytes(text, "%{0:X2}") },
            { "lower-case percent-encoding of every byte", text => Bytes(text, "%{0:x2}") },
            { "percent-encoding", Uri.EscapeDataString },
            { "percent-encoding of some letters", text => Uri.EscapeDataString(text).Replace("a", "%61").Replace("e", "%65") },
            { "percent-encoding twice", text => Uri.EscapeDataString(Uri.EscapeDataString(text)) },
            { "JSON escapes", text => string.Concat(text.Select(letter => $"\\u{(int)letter:x4}")) },
            { "upper-case JSON escapes", text => string.Concat(text.Select(letter => $"\\u{(int)letter:X4}")) },
            { "JSON", text => JsonEncodedText.Encode(text).ToString() },
            { "JSON in JSON", text => JsonEncodedText.Encode(JsonEncodedText.Encode(text).ToString()).ToString() },
            { "hexadecimal C escapes", text => Bytes(text, "\\x{0:x2}") },
            { "upper-case hexadecimal C escapes", text => Bytes(text, "\\x{0:X2}") },
            {
                "octal C escapes",
                text => string.Concat(Encoding.UTF8.GetBytes(text).Select(one => "\\" + Convert.ToString(one, 8).PadLeft(3, '0')))
            },
            { "long C escapes", text => string.Concat(text.EnumerateRunes().Select(rune => $"\\U{rune.Value:x8}")) },
            { "braced escapes", text => string.Concat(text.EnumerateRunes().Select(rune => $"\\u{{{rune.Value:x}}}")) },
            { "reversed text", text => new string([.. text.Reverse()]) },
            { "base64", text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)) },
            {
                "base64 in JSON escapes",
                text => string.Concat(Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Select(letter => $"\\u{(int)letter:x4}"))
            },
        };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_secret_is_masked_whole_in_every_encoding_also_when_it_arrives_in_pieces(string name, Func<string, string> encode)
    {
        foreach (var secret in new[] { Secret, "sk-proj-aBcDeF0123456789", "p\"a\\ss\nw%41rd" })
        {
            var redactor = new Redactor();
            redactor.Register(secret);
            var text = $"before {encode(secret)} after";
            Assert.True(redactor.Mask(text) == "before *** after", $"{name}: {redactor.Mask(text)}");
            for (var size = 1; size < 9; size++)
            {
                Assert.True(
                    Streamed(redactor, text, size) == "before *** after",
                    $"{name} in pieces of {size}: {Streamed(redactor, text, size)}"
                );
            }
        }
    }

    [Fact]
    public void The_last_bytes_of_a_secret_in_base64_are_masked_with_their_padding()
    {
        foreach (var secret in new[] { "canary-abcdef", "canary-abcdefg", "canary-abcdefgh" })
        {
            var redactor = new Redactor();
            redactor.Register(secret);
            for (var before = 0; before < 6; before++)
            {
                var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('u', before) + secret));
                // The characters that depend in part on a byte of the secret.
                var own = before * 8 / 6;
                Assert.Equal(encoded[..own] + "***", redactor.Mask(encoded));
                Assert.Equal(encoded[..own] + "*** end", redactor.Mask(encoded.Replace('+', '-').Replace('/', '_').TrimEnd('=') + " end"));
                Assert.EndsWith("***", Streamed(redactor, encoded, 1));
            }
        }
    }

    [Fact]
    public void Ordinary_text_with_escapes_stays_as_it_is()
    {
        var redactor = new Redactor();
        redactor.Register("sk-proj-aBcDeF0123456789");
        const string text = @"C:\users\new 100%41 \u00e9 \x41\x42 %7Euser \d+\.\w* \101 %zz \";
        Assert.Same(text, redactor.Mask(text));
        Assert.Equal(text, Streamed(redactor, text, 1));
    }

    private static string Bytes(string text, string format) =>
        string.Concat(
            Encoding.UTF8.GetBytes(text).Select(one => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, one))
        );

    private static string Streamed(Redactor redactor, string text, int size)
    {
        var (masked, held) = (new StringBuilder(), "");
        foreach (var piece in text.Chunk(size))
        {
            held += new string(piece);
            var settled = redactor.StableLength(held);
            masked.Append(redactor.Mask(held[..settled]));
            held = held[settled..];
        }

        return masked.Append(redactor.Mask(held)).ToString();
    }

    [Fact]
    public void A_secret_that_is_a_prefix_of_another_is_masked_completely()
    {
        var redactor = new Redactor();
        redactor.Register("abcdef");
        redactor.Register("abcdefghij");
        redactor.Register("hijklmno");
        Assert.Equal("x *** y *** z ***", redactor.Mask("x abcdef y abcdefghij z abcdefghijklmno"));
    }

    [Fact]
    public void Very_short_secrets_do_not_mask_ordinary_words()
    {
        var redactor = new Redactor();
        redactor.Register("abc");
        redactor.Register("");
        Assert.Equal("abc", redactor.Mask("abc"));
    }

    [Fact]
    public void Secrets_in_any_context_are_masked_and_the_rest_is_unchanged() =>
        Prop.ForAll(
                Gen.Elements('a', 'b', '+', '/', ' ', 'é')
                    .ArrayOf()
                    .Where(letters => letters.Length is >= 4 and <= 12)
                    .Select(letters => new string(letters))
                    .ArrayOf()
                    .ToArbitrary(),
                Gen.Elements('a', 'b', '+', '/', ' ', 'é', 'z').ArrayOf().Select(letters => new string(letters)).ArrayOf().ToArbitrary(),
                (secrets, pieces) =>
                {
                    var redactor = new Redactor();
                    foreach (var secret in secrets)
                    {
                        redactor.Register(secret);
                    }

                    var text = string.Concat(pieces.Zip(secrets, (piece, secret) => piece + secret));
                    var masked = redactor.Mask(text);
                    return secrets.All(secret => !masked.Contains(secret, StringComparison.Ordinal))
                        && (masked == text || masked.Contains("***", StringComparison.Ordinal))
                        && redactor.Mask(masked) == masked;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_stable_prefix_never_splits_a_secret() =>
        Prop.ForAll(
                Gen.Elements('a', 'b', 'é')
                    .ArrayOf()
                    .Where(letters => letters.Length is >= 4 and <= 7)
                    .Select(letters => new string(letters))
                    .ArrayOf()
                    .Where(secrets => secrets.Length < 4)
                    .ToArbitrary(),
                Gen.Elements('a', 'b', 'é', 'z').ArrayOf().Select(letters => new string(letters)).ToArbitrary(),
                (secrets, between) =>
                {
                    var redactor = new Redactor();
                    foreach (var secret in secrets)
                    {
                        redactor.Register(secret);
                    }

                    var text = string.Join(between, secrets.Prepend(between).Append(between));
                    return Enumerable
                        .Range(0, text.Length + 1)
                        .All(length =>
                        {
                            var settled = redactor.StableLength(text[..length]);
                            return settled >= 0
                                && settled <= length
                                && secrets.All(secret =>
                                    Enumerable
                                        .Range(0, settled)
                                        .All(at =>
                                            at + secret.Length <= settled || !text.AsSpan(at).StartsWith(secret, StringComparison.Ordinal)
                                        )
                                );
                        });
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("zz 01", 3)]
    [InlineData("zz 012345", 3)]
    [InlineData("zz 0123456", 3)] // A complete secret waits, too: its last character may start another variant.
    [InlineData("zz 0123456 ", 11)]
    [InlineData("zz 01 0", 6)]
    [InlineData("zz 01x", 6)]
    [InlineData("zz", 2)]
    [InlineData("0", 0)]
    [InlineData("", 0)]
    public void Only_what_may_go_on_as_a_secret_waits(string text, int settled)
    {
        var redactor = new Redactor();
        Assert.Equal(text.Length, redactor.StableLength(text));
        redactor.Register("0123456");
        Assert.Equal(settled, redactor.StableLength(text));
    }

    [Fact]
    public void Registering_and_masking_from_many_threads_is_safe()
    {
        var redactor = new Redactor();
        Parallel.For(
            0,
            200,
            number =>
            {
                redactor.Register($"secret-{number:D4}");
                Assert.Equal("a *** b", redactor.Mask($"a secret-{number:D4} b"));
            }
        );
    }
}
