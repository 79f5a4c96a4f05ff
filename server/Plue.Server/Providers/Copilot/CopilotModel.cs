using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Copilot;

/// <summary>A model in the <c>/models</c> list of GitHub Copilot.</summary>
/// <param name="Endpoints">The supported paths; empty means chat completions.</param>
/// <param name="IsOffered">True if users can choose it, and the plan and the organization allow it.</param>
internal sealed record CopilotModel(ModelInfo Info, IReadOnlyList<string> Endpoints, bool IsOffered)
{
    /// <returns>Null for a model that does not support chat.</returns>
    public static CopilotModel? Of(JsonElement item)
    {
        if (item.Text("id") is not { Length: > 0 } id)
        {
            return null;
        }

        var capabilities = item.Field("capabilities") ?? default;
        var limits = capabilities.Field("limits") ?? default;
        var supports = capabilities.Field("supports") ?? default;
        if ((capabilities.Text("type") ?? "chat") != "chat")
        {
            return null;
        }

        string[] levels = [.. Texts(supports, "reasoning_effort")];
        return new CopilotModel(
            new ModelInfo
            {
                Id = id,
                Name = item.Text("name"),
                // The context window is larger than the limit of a prompt.
                ContextLength = limits.Whole("max_prompt_tokens") ?? limits.Whole("max_context_window_tokens"),
                MaxOutput = limits.Whole("max_output_tokens"),
                SupportsTools = supports.Flag("tool_calls"),
                SupportsVision = supports.Flag("vision"),
                CanReason = levels.Length > 0 || supports.Flag("adaptive_thinking") == true ? true : null,
                ReasoningLevels = levels.Length > 0 ? levels : null,
            },
            [.. Texts(item, "supported_endpoints")],
            item.Flag("model_picker_enabled") != false && (item.Field("policy") ?? default).Text("state") != "disabled"
        );
    }

    private static IEnumerable<string> Texts(JsonElement element, string name) =>
        element.Items(name).Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!);
}
