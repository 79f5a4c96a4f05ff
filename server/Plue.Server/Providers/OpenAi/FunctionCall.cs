using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>A tool call, or a fragment of one, as sent by Chat Completions and Ollama.</summary>
/// <param name="Arguments">JSON, or a fragment of it.</param>
internal readonly record struct FunctionCall(long? Index, string? Id, string? Name, string? Arguments)
{
    public static FunctionCall Read(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        var call = default(FunctionCall);
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("index"u8))
            {
                call = call with { Index = json.NextInt64() };
            }
            else if (json.ValueTextEquals("id"u8))
            {
                call = call with { Id = json.NextString() };
            }
            else if (json.ValueTextEquals("function"u8))
            {
                if (!json.NextIsObject())
                {
                    continue;
                }
                while (json.NextProperty())
                {
                    if (json.ValueTextEquals("name"u8))
                    {
                        call = call with { Name = json.NextString() };
                    }
                    else if (json.ValueTextEquals("arguments"u8))
                    {
                        call = call with { Arguments = json.NextJson(payload) };
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else
            {
                json.Skip();
            }
        }

        return call;
    }
}
