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

    /// <summary>Of a template that goes by these ids: its own, then its parents'.</summary>
    internal static TemplateCollection Of(IEnumerable<string> line) =>
        line.Select(id => id switch
        {
            ProviderRoot => TemplateCollection.Providers,
            ChatRoot => TemplateCollection.Chats,
            TaskRoot => TemplateCollection.Tasks,
            _ => TemplateCollection.Items,
        }).FirstOrDefault(collection => collection != TemplateCollection.Items, TemplateCollection.Items);
}
