using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Ollama;

/// <summary>What a model on this machine can do, from <c>/api/show</c> or <c>/api/tags</c>. Not known is null.</summary>
internal sealed record OllamaModel(long? ContextLength, IReadOnlyList<string>? Capabilities, string? Family)
{
    /// <summary>More takes memory that most machines do not have, and a model that spills out of the graphics card crawls.</summary>
    private const long MaxContext = 32_768;
    private const long UnknownContext = 8_192;

    /// <summary>Always the same for one model, as a change loads it anew.</summary>
    public long ContextToSend => Math.Min(ContextLength ?? UnknownContext, MaxContext);

    /// <summary>This family knows levels of thinking and ignores yes and no.</summary>
    public bool ThinksInLevels => Family is "gptoss" or "gpt-oss";

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
