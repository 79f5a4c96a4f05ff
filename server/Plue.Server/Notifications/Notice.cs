namespace Plue.Server.Notifications;

/// <param name="Title">What happened, without content of the user.</param>
/// <param name="Detail">The title of the task and the reason; sent only if the user wants that.</param>
internal sealed record Notice(string Title, string Detail);
