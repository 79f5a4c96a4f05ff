namespace Plue.Server.Providers;

/// <summary>A provider whose way to its models carries no images, whatever the models could do with them.</summary>
public interface ITakesNoImages;
