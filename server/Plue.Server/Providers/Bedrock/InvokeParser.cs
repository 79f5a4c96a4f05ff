using System.Text.Json;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Bedrock;

/// <summary>Parses Anthropic's events, each base64-encoded in a JSON payload of a frame.</summary>
internal sealed class InvokeParser(ProviderFailures failures, ProviderRequest request) : AnthropicParser(failures, request, isHosted: true)
{
    public override void Read(ReadOnlySpan<byte> payload)
    {
        var frame = BedrockFrame.Of(payload);
        if (frame.Problem is not null)
        {
            Fail(frame.FailureBy(Failures));
        }
        else if (frame.EventType == "chunk" && NextEvent(frame.Payload) is { } wrapped)
        {
            base.Read(wrapped);
        }
    }

    /// <summary>Returns null for a chunk without an event.</summary>
    private static byte[]? NextEvent(ReadOnlySpan<byte> payload)
    {
        var json = JsonText.ReadObject(payload);
        byte[]? wrapped = null;
        while (json.NextProperty())
        {
            var isEvent = json.ValueTextEquals("bytes"u8);
            json.Read();
            if (!isEvent || json.TokenType != JsonTokenType.String)
            {
                json.Skip();
            }
            else if (!json.TryGetBytesFromBase64(out wrapped))
            {
                throw new JsonException("A chunk holds base64.");
            }
        }

        return wrapped;
    }
}
