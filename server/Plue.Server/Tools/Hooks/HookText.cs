using System.Text;
using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Tools.Hooks;

/// <summary>Finds new hook commands in the text of a template or of the settings, because agents must not decide what runs without approval.</summary>
internal static class HookText
{
    /// <param name="before">Null for a new document.</param>
    /// <returns>True if the new text runs an additional command, or runs one for other events.</returns>
    public static bool Added(string? before, string after) => Commands(after).Except(Commands(before), StringComparer.Ordinal).Any();

    private static IEnumerable<string> Commands(string? text)
    {
        if (text is null || Json5Reader.Read(Encoding.UTF8.GetBytes(text)).Root is not Json5Object root)
        {
            return [];
        }

        var hooks = root.GetArray(UserConfig.HooksKey) ?? (root.Find("automation") as Json5Object)?.GetArray("hooks");
        return
        [
            .. (hooks?.Items ?? [])
                .OfType<Json5Object>()
                .Where(hook => hook.Has("command"))
                .Select(hook => Json5Conversion.Of(hook).GetRawText()),
            .. root.GetBoolean(UserConfig.ClaudeCodeHooksKey) == true ? [UserConfig.ClaudeCodeHooksKey] : (string[])[],
        ];
    }
}
