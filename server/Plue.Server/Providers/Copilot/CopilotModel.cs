using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Copilot;

/// <summary>A model as <c>/models</c> of GitHub Copilot lists it.</summary>
/// <param name="Endpoints">The paths it answers at; empty means chat completions.</param>
/// <param name="IsOffered">Meant for people to choose, and allowed by the plan and the organization.</param>
internal sealed record CopilotModel(ModelInfo Info, IReadOnlyList<string> Endpoints, bool IsOffered)
{
    /// <returns>Null for what does not chat.</returns>
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
                // The window is larger than what a prompt may fill.
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
