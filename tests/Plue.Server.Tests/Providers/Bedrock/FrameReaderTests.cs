using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Providers.Bedrock;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Bedrock;

public class FrameReaderTests
{
    private static readonly byte[] Published = Convert.FromHexString(Frames.Published);

    [Fact]
    public void The_published_frame_is_read_for_any_split()
    {
        byte[] twice = [.. Published, .. Published];
        for (var first = 0; first <= twice.Length; first++)
        {
            for (var second = first; second <= twice.Length; second += 5)
            {
                Assert.Equal(["""chunk {"bytes":"e30="}""", """chunk {"bytes":"e30="}"""], Read(twice, first, second));
            }
        }
    }

    [Fact]
    public void The_published_frame_is_what_our_writer_of_tests_writes() =>
        Assert.Equal(Frames.Published, Convert.ToHexStringLower(Encoding.Latin1.GetBytes(Frames.Event("chunk", """{"bytes":"e30="}"""))));

    [Fact]
    public void Any_flipped_bit_of_any_byte_is_noticed()
    {
        for (var at = 0; at < Published.Length; at++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var damaged = Published.ToArray();
                damaged[at] ^= (byte)(1 << bit);
                Assert.Throws<FrameException>(() => Read(damaged));
            }
        }
    }

    [Fact]
    public void A_frame_that_ends_early_is_no_frame()
    {
        for (var length = 0; length < Published.Length; length++)
        {
            Assert.Empty(Read(Published[..length]));
        }
    }

    [Fact]
    public void Any_frames_in_any_pieces_come_out_as_they_went_in()
    {
        Prop.ForAll<(NonNull<string> Type, byte[] Payload)[], PositiveInt[]>(
                (sent, sizes) =>
                {
                    // Header text is UTF-8, which cannot encode lone surrogates.
                    var frames = sent.Select(frame =>
                            (Type: "t" + Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(frame.Type.Get)), Payload: frame.Payload ?? [])
                        )
                        .ToArray();
                    var bytes = frames
                        .SelectMany(frame => Frames.Of([(":event-type", frame.Type), (":message-type", "event")], frame.Payload))
                        .ToArray();
                    var at = 0;
                    var cuts = sizes.Select(size => at += size.Get).Where(cut => cut < bytes.Length).ToArray();
                    return Read(bytes, cuts)
                        .SequenceEqual(frames.Select(frame => $"{frame.Type} {Encoding.Latin1.GetString(frame.Payload)}"));
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(128 * 1024 + 1 + 16, 128 * 1024 + 1, true)]
    [InlineData(16 * 1024 * 1024 + 1 + 16, 0, true)]
    [InlineData(uint.MaxValue, 0, true)]
    [InlineData(15, 0, false)]
    [InlineData(0, 0, false)]
    [InlineData(20, 5, false)]
    [InlineData(100, uint.MaxValue, false)]
    public void Lengths_beyond_the_limits_are_refused_before_anything_is_held(uint total, uint headers, bool isTooLong)
    {
        var fault = Assert.Throws<FrameException>(() => Read(Encoding.Latin1.GetBytes(Frames.Prelude(total, headers))));
        Assert.Equal(isTooLong, fault.IsTooLong);
    }

    [Fact]
    public void The_longest_frame_there_may_be_is_read()
    {
        var frame = Frames.Of([(":event-type", "big"), (":message-type", "event")], new byte[FrameReader.MaxPayload]);
        using var reader = new FrameReader(new MemoryStream(frame));
        Assert.Equal(frame.Length, Assert.Single(Drain(reader)).Length);
    }

    [Fact]
    public void Skips_headers_of_every_type()
    {
        byte[] headers =
        [
            .. Header("a", 0),
            .. Header("b", 1),
            .. Header("c", 2, 9),
            .. Header("d", 3, 9, 9),
            .. Header("e", 4, 9, 9, 9, 9),
            .. Header("f", 5, 1, 2, 3, 4, 5, 6, 7, 8),
            .. Header("g", 6, 0, 2, 9, 9),
            .. Header(":event-type", 7, 0, 3, (byte)'n', (byte)'e', (byte)'w'),
            .. Header("h", 8, 1, 2, 3, 4, 5, 6, 7, 8),
            .. Header("i", [9, .. new byte[16]]),
        ];
        Assert.Equal(["new {}"], Read(Frames.Of(headers, "{}"u8.ToArray())));
    }

    [Theory]
    [
        InlineData(new byte[] { 5, 97 }),
        InlineData(new byte[] { 1, 97 }),
        InlineData(new byte[] { 1, 97, 10 }),
        InlineData(new byte[] { 1, 97, 7, 0 }),
        InlineData(new byte[] { 1, 97, 7, 0, 9, 1 })
    ]
    [InlineData(new byte[] { 1, 97, 9, 1, 2 })]
    public void Headers_that_are_nonsense_are_a_damaged_frame(byte[] headers) =>
        Assert.Throws<FrameException>(() => Read(Frames.Of(headers, [])));

    [Fact]
    public void A_web_page_and_a_damaged_frame_have_different_errors()
    {
        Assert.Throws<HtmlException>(() => Read("\r\n <html><body>Sign in</body></html>"u8.ToArray()));
        Assert.Throws<FrameException>(() => Read("""{"message":"no"}"""u8.ToArray()));
    }

    [Theory]
    [InlineData("", 0u), InlineData("123456789", 0xCBF43926u), InlineData("The quick brown fox jumps over the lazy dog", 0x414FA339u)]
    public void The_checksum_is_that_of_gzip(string text, uint sum) => Assert.Equal(sum, Crc32.Of(Encoding.ASCII.GetBytes(text)));

    private static byte[] Header(string name, params byte[] value) => [(byte)name.Length, .. Encoding.UTF8.GetBytes(name), .. value];

    private static List<string> Read(byte[] bytes, params int[] cuts)
    {
        using var reader = new FrameReader(new PieceStream(bytes, cuts));
        return
        [
            .. Drain(reader)
                .Select(frame =>
                {
                    var read = BedrockFrame.Of(frame);
                    return $"{read.EventType} {Encoding.Latin1.GetString(read.Payload)}";
                }),
        ];
    }

    private static List<byte[]> Drain(FrameReader reader)
    {
        var frames = new List<byte[]>();
        do
        {
            while (reader.TryRead(out var frame))
            {
                frames.Add(frame.ToArray());
            }
        }
        // Reading the body completes synchronously.
        while (reader.FillAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult());
        return frames;
    }
}
