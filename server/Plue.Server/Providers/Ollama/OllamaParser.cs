using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;

namespace Plue.Server.Providers.Ollama;

/// <summary>Parses a stream with one delta per line; tool calls are not split.</summary>
internal sealed class OllamaParser(ProviderFailures failures, ProviderRequest request) : WireParser(failures, request)
{
    public override void Read(ReadOnlySpan<byte> payload)
    {
        var json = JsonText.ReadObject(payload);
        string? model = null,
            doneReason = null;
        long? input = null,
            output = null;
        var isDone = false;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("message"u8))
            {
                ReadMessage(ref json, payload);
            }
            // The text of a completion outside a chat.
            else if (json.ValueTextEquals("response"u8))
            {
                Text(json.NextString());
            }
            else if (json.ValueTextEquals("done"u8))
            {
                isDone = json.Read() && json.TokenType == JsonTokenType.True;
            }
            else if (json.ValueTextEquals("done_reason"u8))
            {
                doneReason = json.NextString();
            }
            else if (json.ValueTextEquals("prompt_eval_count"u8))
            {
                input = json.NextInt64();
            }
            else if (json.ValueTextEquals("eval_count"u8))
            {
                output = json.NextInt64();
            }
            else if (!IsAccepted && json.ValueTextEquals("model"u8))
            {
                model = json.NextString();
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

        Accept(model ?? Request.Model, null);
        if (!isDone)
        {
            return;
        }
        if ((input ?? output) is not null)
        {
            Emit(new ProviderEvent.UsageReported(new Usage { InputTokens = input ?? 0, OutputTokens = output ?? 0 }));
        }
        FinishWithCalls(doneReason == "length" ? StopReason.MaxTokens : DefaultReason);
    }

    private void ReadMessage(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsObject())
        {
            return;
        }
        string? text = null,
            thinking = null;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("content"u8))
            {
                text = json.NextString();
            }
            else if (json.ValueTextEquals("thinking"u8))
            {
                thinking = json.NextString();
            }
            else if (json.ValueTextEquals("tool_calls"u8))
            {
                Reasoning(thinking);
                Text(text);
                text = thinking = null;
                ReadCalls(ref json, payload);
            }
            else
            {
                json.Skip();
            }
        }

        Reasoning(thinking);
        Text(text);
    }

    private void ReadCalls(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsArray())
        {
            return;
        }
        while (json.NextObject())
        {
            var read = FunctionCall.Read(ref json, payload);
            if (string.IsNullOrEmpty(read.Name))
            {
                continue;
            }
            EndReasoning(null);
            var call = Start(read.Id, read.Name);
            Append(call, read.Arguments);
            Finish(call);
        }
    }
}
