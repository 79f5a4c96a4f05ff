using System.Buffers.Binary;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Bedrock;

/// <summary>A parsed frame of an event stream. Frames from <see cref="FrameReader"/> are complete and intact, but their headers may be invalid.</summary>
internal readonly ref struct BedrockFrame(string? eventType, string? problem, string? problemText, ReadOnlySpan<byte> payload)
{
    /// <summary>Null for an exception.</summary>
    public string? EventType => eventType;

    /// <summary>The type of an exception; null for an event.</summary>
    public string? Problem => problem;

    public ReadOnlySpan<byte> Payload { get; } = payload;

    /// <exception cref="FrameException">The headers are invalid.</exception>
    public static BedrockFrame Of(ReadOnlySpan<byte> frame)
    {
        var length = (int)BinaryPrimitives.ReadUInt32BigEndian(frame[4..]);
        var headers = frame.Slice(FrameReader.PreludeLength, length);
        string? messageType = null,
            eventType = null,
            exceptionType = null,
            errorCode = null,
            errorMessage = null;
        while (headers.Length > 0)
        {
            var name = Take(ref headers, Take(ref headers, 1)[0]);
            var value = TakeValue(ref headers, out var isText);
            if (!isText)
            {
                continue;
            }
            if (name.SequenceEqual(":message-type"u8))
            {
                messageType = Encoding.UTF8.GetString(value);
            }
            else if (name.SequenceEqual(":event-type"u8))
            {
                eventType = Encoding.UTF8.GetString(value);
            }
            else if (name.SequenceEqual(":exception-type"u8))
            {
                exceptionType = Encoding.UTF8.GetString(value);
            }
            else if (name.SequenceEqual(":error-code"u8))
            {
                errorCode = Encoding.UTF8.GetString(value);
            }
            else if (name.SequenceEqual(":error-message"u8))
            {
                errorMessage = Encoding.UTF8.GetString(value);
            }
        }

        var payload = frame[(FrameReader.PreludeLength + length)..^FrameReader.ChecksumLength];
        return messageType is "exception" or "error"
            ? new BedrockFrame(null, exceptionType ?? errorCode ?? "unknown", errorMessage, payload)
            : new BedrockFrame(eventType ?? "", null, null, payload);
    }

    /// <summary>Returns the failure for the exception in this frame.</summary>
    public Failure FailureBy(ProviderFailures failures)
    {
        var message = Payload.Length > 0 ? VendorMessage.Read(Payload.ToArray()) : new VendorMessage("", "");
        int? status = Problem?.ToLowerInvariant() switch
        {
            "throttlingexception" => 429,
            "serviceunavailableexception" => 503,
            "internalserverexception" => 500,
            "modelstreamerrorexception" => 424,
            "modeltimeoutexception" => 408,
            "validationexception" => 400,
            "accessdeniedexception" => 403,
            _ => null,
        };
        return failures.OfEvent(
            new VendorMessage($"{Problem} {message.Code}", message.Text.Length > 0 ? message.Text : problemText ?? "") { Status = status }
        );
    }

    private static ReadOnlySpan<byte> TakeValue(ref ReadOnlySpan<byte> headers, out bool isText)
    {
        var type = Take(ref headers, 1)[0];
        isText = type == 7;
        return Take(
            ref headers,
            type switch
            {
                0 or 1 => 0, // true and false
                2 => 1,
                3 => 2,
                4 => 4,
                5 or 8 => 8, // a long, and a time
                6 or 7 => BinaryPrimitives.ReadUInt16BigEndian(Take(ref headers, 2)), // bytes and text
                9 => 16,
                _ => throw new FrameException(isTooLong: false),
            }
        );
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> headers, int length)
    {
        if (length > headers.Length)
        {
            throw new FrameException(isTooLong: false);
        }
        var taken = headers[..length];
        headers = headers[length..];
        return taken;
    }
}
