namespace Plue.Server.Templates;

/// <summary>Where the codices of a template live. Its roots say it: what descends from none of them is an item.</summary>
public enum TemplateCollection { Providers, Chats, Tasks, Items }

public static class TemplateCollections
{
    public const string ProviderRoot = "llm-provider";
    public const string ChatRoot = "ai-chat";
    public const string TaskRoot = "task";

    /// <summary>As addresses and the wire write it: <c>tasks</c>.</summary>
    public static string Name(this TemplateCollection collection) => collection switch
    {
        TemplateCollection.Providers => "providers",
        TemplateCollection.Chats => "chats",
        TemplateCollection.Tasks => "tasks",
        _ => "items",
    };

    /// <summary>Of a template that goes by these ids: its own, then its parents'. What descends from a provider is one, whatever else it is.</summary>
    /// <param name="otherwise">Of the last of them, where that is known.</param>
    internal static TemplateCollection Of(IReadOnlyCollection<string> line, TemplateCollection otherwise = TemplateCollection.Items) =>
        line.Contains(ProviderRoot) ? TemplateCollection.Providers
        : otherwise != TemplateCollection.Items ? otherwise
        : line.FirstOrDefault(id => id is ChatRoot or TaskRoot) switch
        {
            ChatRoot => TemplateCollection.Chats,
            TaskRoot => TemplateCollection.Tasks,
            _ => TemplateCollection.Items,
        };
}
