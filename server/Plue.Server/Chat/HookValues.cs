using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>What a hook says, with the values of its codex in place of <c>{{field}}</c>, as in a prompt.</summary>
internal static class HookValues
{
    /// <summary>Fills every text in a value. A text that is one placeholder and nothing else becomes the value itself, numbers and lists included.</summary>
    public static Json5Node Fill(Json5Node value, Json5Object values) =>
        value switch
        {
            Json5String { Value: ['{', '{', .. var path, '}', '}'] } when ValuePath.TryParse(path.Trim()) is { } whole => whole.Find(values)
                ?? new Json5String(""),
            Json5String text => new Json5String(Fill(text.Value, values)),
            Json5Array array => Json5Array.Of(array.Items.Select(item => Fill(item, values))),
            Json5Object inner => Json5Object.Of(inner.Members.Select(member => (member.Name, Fill(member.Value, values)))),
            _ => value,
        };

    public static string Fill(string text, Json5Object values) => PromptPlaceholders.Fill(text, values).Text;
}
