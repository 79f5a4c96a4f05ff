using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Ollama;

/// <summary>The properties of a local model, from <c>/api/show</c> or <c>/api/tags</c>. Null if unknown.</summary>
internal sealed record OllamaModel(long? ContextLength, IReadOnlyList<string>? Capabilities, string? Family)
{
    /// <summary>A larger context needs more memory than most machines have, and a model that does not fit on the graphics card is very slow.</summary>
    private const long MaxContext = 32_768;
    private const long UnknownContext = 8_192;

    /// <summary>Constant for a model, because a change reloads it.</summary>
    public long ContextToSend => Math.Min(ContextLength ?? UnknownContext, MaxContext);

    /// <summary>True for a family that supports thinking levels and ignores true and false.</summary>
    public bool HasThinkingLevels => Family is "gptoss" or "gpt-oss";

    public bool? Can(string capability) => Capabilities?.Contains(capability);

    public static OllamaModel Of(JsonElement element)
    {
        var info = element.Field("model_info");
        long? context = null;
        if (info is { ValueKind: JsonValueKind.Object } fields)
        {
            foreach (var field in fields.EnumerateObject())
            {
                if (field.Name.EndsWith(".context_length", StringComparison.Ordinal))
                {
                    context = fields.Whole(field.Name);
                }
            }
        }

        var capabilities = element.Field("capabilities") is null
            ? null
            : element.Items("capabilities").Select(item => item.ToString()).ToList();
        return new OllamaModel(
            context is > 0 ? context : null,
            capabilities,
            element.Field("details")?.Text("family") ?? info?.Text("general.architecture")
        );
    }
}
