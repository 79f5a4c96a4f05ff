using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Parses the events of <c>/infill</c> of the llama.cpp server. The last one contains the token counts.</summary>
internal sealed class InfillParser(ProviderFailures failures, InlineCompletionRequest request)
    : WireParser(failures, request.ToProviderRequest())
{
    public override void Read(ReadOnlySpan<byte> payload)
    {
        var json = JsonText.ReadObject(payload);
        string? text = null,
            stopType = null;
        long? input = null,
            output = null;
        var isOver = false;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("content"u8))
            {
                text = json.NextString();
            }
            else if (json.ValueTextEquals("stop"u8))
            {
                isOver = json.Read() && json.TokenType == JsonTokenType.True;
            }
            else if (json.ValueTextEquals("stop_type"u8))
            {
                stopType = json.NextString();
            }
            else if (json.ValueTextEquals("tokens_evaluated"u8))
            {
                input = json.NextInt64();
            }
            else if (json.ValueTextEquals("tokens_predicted"u8))
            {
                output = json.NextInt64();
            }
            else if (json.ValueTextEquals("error"u8))
            {
                Fail(Failures.OfEvent(VendorMessage.Read(payload.ToArray())));
                return;
            }
            else
            {
                json.Skip();
            }
        }

        Accept(Request.Model, null);
        Text(text);
        if (!isOver)
        {
            return;
        }
        if ((input ?? output) is not null)
        {
            Emit(new ProviderEvent.UsageReported(new Usage { InputTokens = input ?? 0, OutputTokens = output ?? 0 }));
        }
        Finish(stopType == "limit" ? StopReason.MaxTokens : StopReason.EndTurn);
    }
}
